// Renews src/IdentityServer.Core/Users/Phones/numbering-plans.json from the metadata of npm's libphonenumber-js:
//
//   (in tests/interop)  npm install --save-exact libphonenumber-js@latest
//   (in the root)       node tools/phone-numbers.mjs
//
// Then run the tests in tests/IdentityServer.Core.Tests/Users/Phones, which hold our parser against that package, and commit
// both. What is left out is what only numbers written for calls within the country need. The layout of the source is described in the package's METADATA.md.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const root = new URL("../", import.meta.url);
const require = createRequire(new URL("tests/interop/package.json", root));
const source = require("libphonenumber-js/metadata.max.json");
const { version } = JSON.parse(readFileSync(new URL("tests/interop/node_modules/libphonenumber-js/package.json", root)));
if (source.version !== 4) throw new Error(`The metadata's layout has version ${source.version}; this script reads version 4.`);

// In the order of the source. An empty pattern means: the same as the fixed lines'.
const types = ["FixedLine", "Mobile", "TollFree", "PremiumRate", "PersonalNumber", "Voicemail", "Uan", "Pager", "Voip", "SharedCost"];

const groups = (text) => text.replace(/\$(\d)/g, "$${$1}");

// As written for calls from abroad, between spaces alone; "NA" is for numbers that cannot be called so. Of the leading digits the last pattern is the whole truth, the
// ones before it serve numbers that are still being typed.
const format = ([pattern, national, leadingDigits, , , international]) => ({
  pattern,
  leadingDigits: leadingDigits?.at(-1),
  format: groups((international || national).replace(/[^$\d]+/g, " ").trim()),
});

const plan = (data) => {
  const [callingCode, internationalPrefix, pattern, lengths, formats, prefix, , prefixForParsing, transform, , leadingDigits, ranges] = data;
  return {
    callingCode,
    internationalPrefix: internationalPrefix || undefined,
    pattern,
    lengths,
    prefix: prefixForParsing || prefix || undefined,
    transform: transform ? groups(transform) : undefined,
    leadingDigits: leadingDigits || undefined,
    formats: formats ? formats.filter((one) => one[5] !== "NA").map(format) : undefined,
    ranges: Object.fromEntries(
      types.flatMap((type, i) => {
        const range = ranges?.[i];
        return range ? [[type, { pattern: range[0] || ranges[0][0], lengths: range[1] || undefined }]] : [];
      }),
    ),
  };
};

const plans = (from) => Object.fromEntries(Object.entries(from).map(([name, data]) => [name, plan(data)]));
const result = {
  source: `libphonenumber-js ${version}, trimmed by tools/phone-numbers.mjs`,
  callingCodes: source.country_calling_codes,
  regions: plans(source.countries),
  nonGeographic: plans(source.nonGeographic),
};
// One line a region, so that a renewal is read as a diff.
const lines = (object) => Object.entries(object).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(",\n");
const text = `{
  "source": ${JSON.stringify(result.source)},
  "callingCodes": {\n${lines(result.callingCodes)}\n  },
  "regions": {\n${lines(result.regions)}\n  },
  "nonGeographic": {\n${lines(result.nonGeographic)}\n  }
}
`;
writeFileSync(new URL("src/IdentityServer.Core/Users/Phones/numbering-plans.json", root), text);
