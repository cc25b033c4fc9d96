// Drives the Sales stand-in with the client "dynamics-web-api" and prints what it saw as one JSON object.
import { DynamicsWebApi } from "dynamics-web-api";

const { SALES_URL, TOKEN } = process.env;
const api = new DynamicsWebApi({
  serverUrl: SALES_URL,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => TOKEN,
});
const seen = {};

const who = await api.callFunction({ functionName: "WhoAmI" });
seen.user = who.UserId;

const id = await api.create({ collection: "accounts", data: { name: "Fjordheim AS", accountnumber: "JS-1" } });
seen.created = (await api.retrieve({ collection: "accounts", key: id, select: ["name", "accountnumber"] })).name;

await api.update({ collection: "accounts", key: id, data: { name: "Fjordheim Handel AS" } });
const row = await api.retrieve({ collection: "accounts", key: id, select: ["name"], includeAnnotations: "*" });
seen.updated = row.name;

seen.staleWrite = await api
  .update({ collection: "accounts", key: id, data: { name: "lost" }, ifmatch: 'W/"1"' });
seen.unchanged = (await api.retrieve({ collection: "accounts", key: id, select: ["name"] })).name;

await api.updateSingleProperty({ collection: "accounts", key: id, fieldValuePair: { telephone1: "5550199" } });
seen.phone = (await api.retrieve({ collection: "accounts", key: id, select: ["telephone1"] })).telephone1;

const other = "6f0e7c12-95b5-4a3e-8f63-0d1d5f8c0001";
await api.upsert({ collection: "accounts", key: other, data: { name: "Upserted" } });
seen.upserted = (await api.retrieve({ collection: "accounts", key: other, select: ["name"] })).name;
seen.insertOnly = await api.upsert({ collection: "accounts", key: other, data: { name: "no" }, ifnonematch: "*" });

const numbers = [];
let pages = 0;
let page = await api.retrieveMultiple({
  collection: "products", select: ["productnumber"], orderBy: ["productnumber"], maxPageSize: 5,
});
for (;;) {
  pages += 1;
  numbers.push(...page.value.map((product) => product.productnumber));
  if (!page.oDataNextLink) break;
  page = await api.retrieveMultiple({ collection: "products", maxPageSize: 5 }, page.oDataNextLink);
}
seen.pages = pages;
seen.numbers = numbers;
seen.count = await api.count({ collection: "products" });
const fetched = await api.fetch({
  collection: "products",
  fetchXml: "<fetch top='3'><entity name='product'><attribute name='productnumber'/>" +
    "<order attribute='productnumber'/></entity></fetch>",
});
seen.fetched = fetched.value.map((product) => product.productnumber);

api.startBatch();
api.create({ collection: "accounts", data: { name: "In a batch" }, contentId: "1" });
api.update({ collection: "accounts", key: id, data: { fax: "5550111" } });
const answers = await api.executeBatch();
seen.batch = answers.length;
seen.fax = (await api.retrieve({ collection: "accounts", key: id, select: ["fax"] })).fax;

const orders = await api.retrieveMultiple({
  collection: "salesorders", select: ["name"], top: 1, expand: [{ property: "order_details", select: ["quantity"] }],
});
seen.lines = orders.value[0].order_details.length;

const definitions = await api.retrieveEntities({ select: ["LogicalName", "EntitySetName"], filter: "LogicalName eq 'salesorder'" });
seen.entitySet = definitions.value[0].EntitySetName;
const choices = await api.retrieveAttributes({
  entityKey: "LogicalName='account'", castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
  select: ["LogicalName"], expand: [{ property: "OptionSet", select: ["Options"] }],
});
seen.terms = choices.value.find((column) => column.LogicalName === "paymenttermscode").OptionSet.Options.map((o) => o.Value);

seen.deleted = await api.deleteRecord({ collection: "accounts", key: id });
try {
  await api.retrieve({ collection: "accounts", key: id, select: ["name"] });
} catch (error) {
  seen.gone = { status: error.status, code: error.code };
}
console.log(JSON.stringify(seen));
