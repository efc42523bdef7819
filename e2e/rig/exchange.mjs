// The validator of STIX, as OASIS has it on PyPI; and that of JSON Schema which it brings, for VERIS.
import { existsSync } from "node:fs";
import { ran } from "./process.mjs";

const validator = process.env.STIX2_VALIDATOR ?? new URL("../../.allclear/stix/bin/stix2_validator", import.meta.url).pathname;

/** Why nothing can be validated, if it cannot. */
export const noValidator = existsSync(validator) ? false : "the validator of STIX is not installed (scripts/packages.sh)";

/** What the validator says of a file; it fails if that is not valid STIX 2.1. */
export const validated = (file) => ran(validator, ["--version", "2.1", "--strict-properties", file]);

const python = new URL("python", new URL(validator, "file:")).pathname;
const veris = process.env.ALLCLEAR_TEST_VERIS;

/** Why nothing can be validated as VERIS, if it cannot. Its schema is not ours to keep: github.com/vz-risk/veris, `verisc-merged.json`. */
export const noVeris = !veris ? "ALLCLEAR_TEST_VERIS does not name the schema of VERIS" : existsSync(python) ? false : noValidator;

const check = `
import json, sys
from jsonschema import validators
schema = json.load(open(sys.argv[1]))
errors = validators.validator_for(schema)(schema).iter_errors(json.load(open(sys.argv[2])))
print("".join(f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}\\n" for one in errors))
`;

/** What is wrong with a file by the schema of VERIS, a line each. */
export const flawsOfVeris = async (file) => (await ran(python, ["-c", check, veris, file])).trim();
