// The validator of STIX, as OASIS has it on PyPI.
import { existsSync } from "node:fs";
import { ran } from "./process.mjs";

const validator = process.env.STIX2_VALIDATOR ?? new URL("../../.allclear/stix/bin/stix2_validator", import.meta.url).pathname;

/** Why nothing can be validated, if it cannot. */
export const noValidator = existsSync(validator) ? false : "the validator of STIX is not installed (scripts/packages.sh)";

/** What the validator says of a file; it fails if that is not valid STIX 2.1. */
export const validated = (file) => ran(validator, ["--version", "2.1", "--strict-properties", file]);
