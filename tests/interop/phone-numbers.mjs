// libphonenumber-js reads what the tests read. In: { "read": [[text, region or null], …] }. Out: { "version", "examples": one for every
// region in its formats, "read": [{ "e164", "region", "type" } or null, …] }.
import { createRequire } from "node:module";
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from "libphonenumber-js/max";

const require = createRequire(import.meta.url);
const examples = require("libphonenumber-js/examples.mobile.json");
const { read } = JSON.parse(await new Response(process.stdin).text());

const answer = (number) => (number?.isValid() ? { e164: number.number, region: number.country ?? null, type: number.getType() } : null);

process.stdout.write(
  JSON.stringify({
    version: JSON.parse(require("node:fs").readFileSync(new URL("node_modules/libphonenumber-js/package.json", import.meta.url))).version,
    examples: getCountries().flatMap((region) => {
      const number = getExampleNumber(region, examples);
      return number
        ? [{ e164: number.number, home: region, national: number.formatNational(), international: number.formatInternational() }]
        : [];
    }),
    read: read.map(([text, region]) => answer(parsePhoneNumberFromString(text, { defaultCountry: region ?? undefined, extract: false }))),
  }),
);
