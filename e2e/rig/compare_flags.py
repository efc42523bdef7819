# Flags and people by chance, always the same ones: asks the server over OFREP and flagd's own core (as it is on PyPI) about
# each, and prints how many there were and where the two differ. `make FILE` writes the flags; `ask FILE URL KEY` asks.
import json
import random
import sys

FLAGS, PEOPLE = 200, 110
COUNTRIES = ["de", "at", "ch", "fr", "br", "", None]
MAILS = ["ana@example.test", "ben@partner.example", "CARLA@EXAMPLE.TEST", "dan@", ""]
VERSIONS = ["1.2.3", "v1.2.4", "1.10.0", "2.0.0-rc.1", "2.0.0", "1.2", "none"]
SEM_VER = ["=", "!=", "<", "<=", ">", ">=", "^", "~"]


def value(chance):
    return chance.choice(COUNTRIES + MAILS + [0, 1, 18, 21.5, True, False])


def condition(chance, depth=0):
    kind = chance.randrange(12 if depth < 3 else 8)
    if kind == 0:
        return {chance.choice(["==", "!=", "===", "!=="]): [{"var": "country"}, value(chance)]}
    if kind == 1:
        return {chance.choice(["<", "<=", ">", ">="]): [{"var": "age"}, chance.choice([17, 18, 21, 64.5])]}
    if kind == 2:
        return {"in": [{"var": "country"}, chance.sample(["de", "at", "ch", "fr", "br"], 2)]}
    if kind == 3:
        return {"in": [chance.choice(["example", "@", "z"]), {"var": "email"}]}
    if kind == 4:
        return {chance.choice(["starts_with", "ends_with"]): [{"var": "email"}, chance.choice(["ana", "BEN", ".test", "example", ""])]}
    if kind == 5:
        return {"sem_ver": [{"var": "app.version"}, chance.choice(SEM_VER), chance.choice(["1.2.3", "1.2.0", "2.0.0"])]}
    if kind == 6:
        return {"$ref": chance.choice(["german", "grown"])}
    if kind == 7:
        return {"==": [{"var": ["missing", "there"]}, chance.choice(["there", "gone"])]}
    if kind == 8:
        return {"!": [condition(chance, depth + 1)]}
    some = [condition(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    return {chance.choice(["and", "or"]): some}


def share(chance, variants):
    parts = [[name, chance.choice([0, 1, 10, 25, 50, 100])] for name in variants]
    if all(part[1] == 0 for part in parts):
        parts[0][1] = 1
    by = chance.choice([None, {"var": "email"}, {"cat": [{"var": "$flagd.flagKey"}, {"var": "country"}]}])
    return {"fractional": ([by] if by else []) + parts}


def outcome(chance, variants):
    kind = chance.randrange(4)
    return share(chance, variants) if kind == 0 else None if kind == 1 else chance.choice(variants)


def rule(chance, variants):
    kind = chance.randrange(5)
    if kind == 0:
        return share(chance, variants)
    chain = []
    for _ in range(chance.randint(1, 4)):
        chain += [condition(chance), outcome(chance, variants)]
    if kind > 1:
        chain.append(outcome(chance, variants))
    return {"if": chain}


def make():
    chance, flags = random.Random(7), {}
    for number in range(FLAGS):
        variants = chance.choice([
            {"on": True, "off": False},
            {"true": True, "false": False},
            {"red": "#f00", "blue": "#00f", "none": ""},
            {"few": 3, "many": 4000, "half": 0.5},
            {"small": {"size": 1}, "large": {"size": 9, "tags": ["x"]}},
        ])
        flag = {"state": "DISABLED" if chance.randrange(20) == 0 else "ENABLED", "variants": variants}
        flag["defaultVariant"] = chance.choice(list(variants))
        if chance.randrange(8):
            flag["targeting"] = rule(chance, list(variants))
        flags[f"flag-{number:03}"] = flag
    shared = {"german": {"in": [{"var": "country"}, ["de", "at", "ch"]]}, "grown": {">=": [{"var": "age"}, 18]}}
    return {"flags": flags, "$evaluators": shared}


def people():
    chance = random.Random(11)
    for number in range(PEOPLE):
        who = {"targetingKey": f"person-{number}"}
        for name, among in [("country", COUNTRIES), ("email", MAILS), ("age", [0, 17, 18, 21, 64, 65])]:
            if chance.randrange(6):
                who[name] = chance.choice(among)
        if chance.randrange(4):
            who["app"] = {"version": chance.choice(VERSIONS)}
        yield who


def ask(file, url, key):
    import requests
    from openfeature.contrib.tools.flagd.core import FlagdCore
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.exception import OpenFeatureError

    with open(file) as text:
        content = text.read()
    core = FlagdCore()
    core.set_flags(content)
    kinds = {bool: core.resolve_boolean_value, str: core.resolve_string_value, int: core.resolve_float_value, float: core.resolve_float_value, dict: core.resolve_object_value}
    nothing = object()
    cases, wrong, session = 0, [], requests.Session()
    for who in people():
        answer = session.post(f"{url}/ofrep/v1/evaluate/flags", json={"context": who}, headers={"Authorization": f"Bearer {key}"}, timeout=20)
        answer.raise_for_status()
        ours = {one["key"]: one for one in answer.json()["flags"]}
        rest = {name: value for name, value in who.items() if name != "targetingKey"}
        for name, flag in json.loads(content)["flags"].items():
            kind = type(next(iter(flag["variants"].values())))
            try:
                told = kinds[kind](name, nothing, EvaluationContext(who["targetingKey"], rest))
                theirs = {"reason": told.reason.value}
                if told.value is not nothing:
                    theirs |= {"value": told.value, "variant": told.variant}
            except OpenFeatureError as error:
                theirs = {"error": error.error_code.value}
            mine = ours.get(name, {})
            parts = ("reason", "value", "variant") if "value" in mine else ("reason",)
            mine = {"error": mine["errorCode"]} if "errorCode" in mine else {part: mine.get(part) for part in parts}
            cases += 1
            if mine != theirs:
                wrong.append({"flag": name, "who": who, "ours": mine, "theirs": theirs})
    print(json.dumps({"cases": cases, "differ": len(wrong), "first": wrong[:3]}))


if sys.argv[1] == "make":
    with open(sys.argv[2], "w") as text:
        json.dump(make(), text)
else:
    ask(*sys.argv[2:5])
