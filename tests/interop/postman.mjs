// Runs the API's collection as `newman run` does. stdin: { baseUrl }. stdout: { requests, assertions, failures: ["folder / request: what"] }.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import newman from "newman";

const { baseUrl } = JSON.parse(readFileSync(0, "utf8"));
const file = (name) => fileURLToPath(new URL(`../../docs/postman/${name}.json`, import.meta.url));

newman.run(
  {
    collection: file("identityserver.postman_collection"),
    environment: file("local.postman_environment"),
    envVar: [{ key: "base_url", value: baseUrl }],
    reporters: [],
    timeoutRequest: 60_000,
  },
  (problem, summary) => {
    if (problem) throw problem;
    const { stats, failures } = summary.run;
    const told = failures.map(({ source, parent, error }) => `${parent?.name} / ${source?.name}: ${error.test ?? error.name}: ${error.message}`);
    process.stdout.write(JSON.stringify({ requests: stats.requests.total, assertions: stats.assertions.total, failures: told }));
  },
);
