// Asks the gateway with the client that odata2ts generated from its $metadata, and prints what came as one JSON object.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { AxiosClient } = require("@odata2ts/http-client-axios");
const { SERVICE, COMPANY, USER, KEY, CLIENT } = process.env;
const { stockService } = require(`${CLIENT}/stockService.js`);

const stock = new stockService(new AxiosClient({ auth: { username: USER, password: KEY } }), SERVICE);
const rows = stock.Company(COMPANY).ProductItemAvailability();
const seen = {};

const most = await rows.query((b, q) =>
  b.filter(q.UOM.eq("STK"), q.Inventory.gt(10)).select("ItemNo", "Inventory").orderBy(q.Inventory.desc()).top(3).count());
seen.most = most.data.value.map((row) => [row.ItemNo, row.Inventory]);
seen.count = most.data["@odata.count"];

const either = await rows.query((b, q) => b.filter(q.ItemNo.eq("N01").or(q.ItemNo.eq("N02"))).orderBy(q.ItemNo.asc()));
seen.either = either.data.value.map((row) => row.ItemNo);

const named = await rows.query((b, q) => b.filter(q.ItemNo.toLower().startsWith("n1"), q.ItemNo.contains("5")));
seen.named = named.data.value.map((row) => row.ItemNo);

const { CRM_ID, Integration_ID } = either.data.value[0];
seen.one = (await stock.ProductItemAvailability({ CRM_ID, Integration_ID }).query()).data.ItemNo;

try {
  await stock.ProductItemAvailability({ CRM_ID, Integration_ID: CRM_ID }).query();
} catch (error) {
  seen.unknown = { status: error.status, message: error.message };
}
seen.companies = (await stock.Company().query()).data.value.map((row) => row.Name);

console.log(JSON.stringify(seen));
