# A program that asks for flags by the OFREP provider of OpenFeature's Python SDK, as it is on PyPI: it reads questions
# from its input, a line of JSON each, and writes what the SDK answers.
import json
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

url, key = sys.argv[1:3]
api.set_provider(OFREPProvider(url, headers_factory=lambda: {"Authorization": f"Bearer {key}"}))
client = api.get_client()
ask = {
    "boolean": client.get_boolean_details,
    "string": client.get_string_details,
    "integer": client.get_integer_details,
    "float": client.get_float_details,
    "object": client.get_object_details,
}
for line in sys.stdin:
    question = json.loads(line)
    context = dict(question.get("context", {}))
    who = EvaluationContext(context.pop("targetingKey", None), context)
    told = ask[question["type"]](question["flag"], question["default"], who)
    answer = {"value": told.value, "variant": told.variant, "reason": told.reason and str(told.reason.value), "error": told.error_code and told.error_code.value}
    print(json.dumps(answer), flush=True)
