// Print the HTML page of an AsyncAPI document (standard input), with all that it needs inside; exit code 1: not valid.
// node page.cjs PACKAGES TITLE: PACKAGES is the folder of node_modules.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { dirname, resolve } = require("node:path");

const packages = resolve(process.argv[2]);
const load = createRequire(`${packages}/`);
const { Parser, stringify } = load("@asyncapi/parser");
const component = dirname(load.resolve("@asyncapi/react-component/package.json"));
const read = (name) => readFileSync(resolve(component, name), "utf8");

// Nothing may be fetched, by whatever is in here: the browser holds it to that.
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:";
const CONFIG = {
  show: { sidebar: true, errors: false, schemas: false },
  sidebar: { showOperations: "byOperationsTags" },
};

const inScript = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

async function main() {
  const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
  if (document === undefined) {
    console.error(JSON.stringify(diagnostics, null, 1));
    return 1;
  }
  process.stdout.write(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${process.argv[3]}</title>
<style>${read("styles/default.min.css")}</style>
</head>
<body>
<div id="asyncapi"><noscript>This page needs scripts; the document itself is asyncapi.yaml, beside it.</noscript></div>
<!--
${read("browser/standalone/without-parser.js.LICENSE.txt")}
-->
<script>${read("browser/standalone/without-parser.js").replaceAll("</script", "<\\/script")}</script>
<script>
AsyncApiStandalone.render(
  { schema: ${inScript(JSON.parse(stringify(document)))}, config: ${inScript(CONFIG)} },
  document.getElementById("asyncapi"),
);
</script>
</body>
</html>
`);
  return 0;
}

main().then((code) => (process.exitCode = code));
