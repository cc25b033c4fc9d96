// What else "dynamics-web-api" sends: tags, links, actions, changes, duplicates, acting for others; one JSON object again.
import { DynamicsWebApi } from "dynamics-web-api";

const { SALES_URL, TOKEN, SELLER } = process.env;
const api = new DynamicsWebApi({
  serverUrl: SALES_URL,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => TOKEN,
});
const seen = {};
const refusal = async (promise) => {
  try {
    await promise;
    return null;
  } catch (error) {
    return { status: error.status, code: error.code };
  }
};

const made = await api.create({
  collection: "accounts", data: { name: "Once only AS", fax: "1" }, returnRepresentation: true, select: ["name", "fax"],
});
const key = made.accountid;
seen.represented = [made.name, made.fax];
seen.duplicate = await refusal(
  api.create({ collection: "accounts", data: { name: "Once only AS" }, duplicateDetection: true }));
seen.unchanged =
  (await api.retrieve({ collection: "accounts", key, select: ["name"], ifnonematch: made["@odata.etag"] })) ?? null;
await api.deleteRecord({ collection: "accounts", key, property: "fax" });
seen.fax = (await api.retrieve({ collection: "accounts", key, select: ["fax"] })).fax;

const contact = await api.create({ collection: "contacts", data: { lastname: "Berg" } });
await api.associate({
  collection: "accounts", primaryKey: key, relationshipName: "contact_customer_accounts",
  relatedCollection: "contacts", relatedKey: contact,
});
await api.associateSingleValued({
  collection: "accounts", primaryKey: key, navigationProperty: "primarycontactid",
  relatedCollection: "contacts", relatedKey: contact,
});
const linked = async () => {
  const row = await api.retrieve({
    collection: "accounts", key, select: ["_primarycontactid_value"],
    expand: [{ property: "contact_customer_accounts", select: ["lastname"] }],
  });
  return [row._primarycontactid_value === contact, row.contact_customer_accounts.length];
};
seen.linked = await linked();
await api.disassociate({
  collection: "accounts", primaryKey: key, relationshipName: "contact_customer_accounts", relatedKey: contact,
});
await api.disassociateSingleValued({ collection: "accounts", primaryKey: key, navigationProperty: "primarycontactid" });
seen.unlinked = await linked();

const first = await api.retrieveMultiple({ collection: "accounts", select: ["name"], trackChanges: true });
await api.update({ collection: "accounts", key, data: { name: "Changed AS" } });
const short = await api.create({ collection: "accounts", data: { name: "Short-lived" } });
await api.deleteRecord({ collection: "accounts", key: short });
const changes = await api.retrieveMultiple({ collection: "accounts" }, first.oDataDeltaLink);
seen.changed = changes.value.filter((row) => row.name).map((row) => row.name);
seen.gone = changes.value.filter((row) => row.reason === "deleted").map((row) => row.id === short);

const mine = await api.create({ collection: "accounts", data: { name: "By the seller" }, impersonateAAD: SELLER });
const owner = await api.retrieve({
  collection: "accounts", key: mine, select: ["_ownerid_value", "_createdonbehalfby_value"],
});
seen.behalf = owner._ownerid_value !== owner._createdonbehalfby_value && owner._createdonbehalfby_value !== null;
seen.bypass = await refusal(
  api.update({ collection: "accounts", key, data: { fax: "2" }, bypassCustomPluginExecution: true }));

const quote = (await api.retrieveMultiple({
  collection: "quotes", select: ["name"], filter: "statecode eq 1", top: 1,
})).value[0].quoteid;
await api.callAction({
  actionName: "WinQuote",
  action: { Status: -1, QuoteClose: { subject: "Won", "quoteid@odata.bind": `quotes(${quote})` } },
});
seen.won = (await api.retrieve({ collection: "quotes", key: quote, select: ["statecode"] })).statecode;
const order = (await api.retrieveMultiple({
  collection: "salesorders", select: ["name"], filter: "statecode eq 0", top: 1,
})).value[0].salesorderid;
await api.callAction({
  collection: "salesorders", key: order, actionName: "Microsoft.Dynamics.CRM.LockSalesOrderPricing",
});
seen.locked = (await api.retrieve({ collection: "salesorders", key: order, select: ["ispricelocked"] })).ispricelocked;
seen.counted = await api.count({ collection: "salesorders", filter: "statecode eq 0" }) > 0;
seen.table = await refusal(api.createEntity({ data: { SchemaName: "new_thing" } }));
const definition = await api.retrieveEntity({ key: "LogicalName='quote'", select: ["EntitySetName"] });
seen.definition = definition.EntitySetName;
console.log(JSON.stringify(seen));
