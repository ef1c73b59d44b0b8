// Read AsyncAPI documents with AsyncAPI's own parser, say what it finds wrong; exit code 1 where that is anything.
// node check.cjs PACKAGES FILE...: PACKAGES is the folder of node_modules. Nothing is fetched: references lead to files.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { basename, resolve } = require("node:path");

const [packages, ...files] = process.argv.slice(2).map((path) => resolve(path));
const { Parser } = createRequire(`${packages}/`)("@asyncapi/parser");
const SEVERITIES = ["error", "warning", "information", "hint"];
// The document is of 3.0 on purpose.
const PASSED_OVER = ["asyncapi-latest-version"];

async function isValid(file) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
  const faults = diagnostics.filter((found) => !PASSED_OVER.includes(found.code));
  for (const found of faults) {
    const where = `line ${found.range.start.line + 1}, ${found.path.join("/")}`;
    console.log(`${basename(file)}: ${SEVERITIES[found.severity]}: ${where}: ${found.message} (${found.code})`);
  }
  if (document === undefined || faults.length > 0) return false;
  const of = (many) => many.all().length;
  console.log(
    `${basename(file)}: valid AsyncAPI ${document.version()}: ${of(document.channels())} channels, ` +
      `${of(document.messages())} messages, ${of(document.operations())} operations`,
  );
  return true;
}

async function main() {
  for (const file of files) {
    if (!(await isValid(file))) process.exitCode = 1;
  }
}

main();
