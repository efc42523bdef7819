"""Asks Allclear by the official client of the Model Context Protocol, and prints what it heard as JSON."""

import asyncio
import json
import sys

import httpx2
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult

asked = json.load(sys.stdin)
heard = {}


def answering(action):
    """A person who is asked, and answers so."""

    async def answer(context, params):
        heard["asked"] = params.message
        return ElicitResult(action=action, content={} if action == "accept" else None)

    return answer


def way(http):
    if asked["transport"] == "http":
        return streamable_http_client(asked["url"] + "/mcp", http_client=http)
    env = {"ALLCLEAR_URL": asked["url"], "ALLCLEAR_TOKEN": asked["token"]}
    return stdio_client(StdioServerParameters(command=asked["binary"], args=["mcp"], env=env))


async def talk(client):
    async def call(name, **arguments):
        result = await client.call_tool(name, arguments)
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content

    incident = asked["incident"]
    heard["tools"] = [tool.name for tool in (await client.list_tools()).tools]
    heard["open"] = await call("list_open_incidents")
    heard["read"] = await call("read_incident", incident=incident)
    heard["similar"] = await call("similar_incidents", incident=incident)
    heard["on_call"] = await call("who_is_on_call")
    heard["search"] = await call("search", query="payments")
    heard["draft"] = await call("draft_update", incident=incident)
    heard["postmortem"] = await call("read_postmortem", incident=incident)
    heard["hidden"] = await call("read_incident", incident=asked["hidden"])
    heard["resources"] = [str(one.uri) for one in (await client.list_resources()).resources]
    heard["templates"] = [one.name for one in (await client.list_resource_templates()).resource_templates]
    heard["resource"] = (await client.read_resource(f"allclear://incidents/{incident}")).contents[0].text
    try:
        await client.read_resource(f"allclear://incidents/{asked['hidden']}")
    except MCPError as error:
        heard["hidden_resource"] = error.error.message
    try:
        await client.call_tool("resolve_incident", {})
    except MCPError as error:
        heard["unknown"] = error.error.message


async def main():
    headers = {"Authorization": f"Bearer {asked['token']}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(way(http), mode=asked["mode"]) as client:
            heard["protocol"] = client.protocol_version
            await talk(client)
            note = {"incident": asked["incident"], "text": f"Errors fall ({asked['transport']}, {asked['mode']})"}
            heard["first"] = (await client.call_tool("add_note", note)).structured_content
            if "confirmation" in heard["first"]:
                confirmed = {**note, "confirmation": heard["first"]["confirmation"]}
                heard["second"] = (await client.call_tool("add_note", confirmed)).structured_content
                heard["again"] = (await client.call_tool("add_note", confirmed)).structured_content
        if "second" in heard:
            # A client that can ask its person. Without a handshake it is asked, and nothing is passed through the model; with one
            # it would have to be asked on a stream that is kept open, and the confirmation stays.
            for action in ["accept", "decline", "cancel"]:
                async with Client(way(http), mode=asked["mode"], elicitation_callback=answering(action)) as client:
                    said = {**note, "text": f"{note['text']}, {action}"}
                    heard[action] = (await client.call_tool("add_note", said)).structured_content
    json.dump(heard, sys.stdout)


asyncio.run(main())
