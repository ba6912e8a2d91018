// Makes src/schema.d.ts from the OpenAPI document at the root of the repository. `make clients` writes that document first.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const BLOB = ts.factory.createTypeReferenceNode(ts.factory.createIdentifier("Blob"));

const document = JSON.parse(await readFile(new URL("../../openapi.json", import.meta.url), "utf8"));
const nodes = await openapiTS(document, {
  alphabetize: true,
  defaultNonNullable: false, // a field with a default may be left out of a request
  transform: (schema) => (schema.format === "binary" || schema.contentMediaType === "application/octet-stream" ? BLOB : undefined),
});
await writeFile(new URL("./src/schema.d.ts", import.meta.url), astToString(nodes));
