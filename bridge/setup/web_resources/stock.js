// Stock on forms of Sales, asked of the gateway: docs/form-script.md. Logs nothing, for it holds a key.
var BridgeStock = (() => {
	const ID = "bridge-stock", SERVICE = "/ProductItemAvailability", LIMIT_S = 8, AT_ONCE = 180;
	const LINES = { salesorder: "salesorderdetail", quote: "quotedetail", opportunity: "opportunityproduct" };
	const TEXTS = { // English|Norwegian
		one: "In stock: {0} {1} (item {2}).|På lager: {0} {1} (vare {2}).",
		noItem: "No stock: not coupled to an item.|Ikke på lager: ingen koblet vare.",
		enough: "Stock: enough for {0} of {1} lines.|Lager: nok til {0} av {1} linjer.",
		short: "Not enough: {0}.|Ikke nok: {0}.",
		needs: "{0} ({1} needed, {2} {3} in stock)|{0} (trenger {1}, har {2} {3})",
		unknown: "No item: {0}.|Ingen vare: {0}.",
		unit: "Other unit: {0}.|Annen enhet: {0}.",
		none: "No lines with products.|Ingen linjer med produkter.",
		age: "As of {0} ({1}).|Oppdatert {0} ({1}).",
		stale: "Old: Business Central may be away.|Gammelt: Business Central er kanskje borte.",
		again: "Trying again in {0} s.|Prøver igjen om {0} s.",
		cannot: "No stock shown: {0}.|Lager vises ikke: {0}.",
		tell: "Tell an administrator.|Si fra til en administrator.",
		rights: "you lack the role Product Availability User|du mangler rollen Produkttilgjengelighetsbruker",
		unpublished: "not published to Sales|ikke publisert til Sales",
		address: "the published address is unusable|den publiserte adressen er ubrukelig",
		origin: "the gateway's CORS_ORIGINS lack {0}|{0} mangler i gatewayens CORS_ORIGINS",
		key: "the gateway refuses the key ({0})|gatewayen avviser nøkkelen ({0})",
		missing: "company unknown to the gateway|gatewayen kjenner ikke selskapet",
		away: "the gateway does not answer|gatewayen svarer ikke",
		slow: "no answer within {0} s|ikke noe svar innen {0} s",
		busy: "too many questions|for mange spørsmål",
		down: "Business Central is away (503)|Business Central er borte (503)",
		other: "unexpected answer ({0})|uventet svar ({0})"
	};
	const LABEL = "@OData.Community.Display.V1.FormattedValue";
	const STATUS = { 401: "key", 403: "key", 404: "missing", 429: "busy", 503: "down" };
	let lang = "en", current;
	const say = (name, ...values) =>
		TEXTS[name].split("|")[lang === "en" ? 0 : 1].replace(/\{(\d)\}/g, (_, at) => values[at]);
	const number = (value) => new Intl.NumberFormat(lang, { maximumFractionDigits: 5 }).format(value);
	const plain = (id) => id.replace(/[{}]/g, "").toLowerCase();
	const read = (table, query) => Xrm.WebApi.retrieveMultipleRecords(table, query).then((answer) => answer.entities);

	function age(asOf) {
		if (!asOf) return "";
		const seconds = Math.round((Date.now() - asOf) / 1000), ago = new Intl.RelativeTimeFormat(lang);
		const text = seconds < 120 ? ago.format(-seconds, "second") : ago.format(-Math.round(seconds / 60), "minute");
		return say("age", text, new Date(asOf).toLocaleTimeString(lang));
	}

	// The row of the form's company, else the first that can be used.
	async function connection(form) {
		const columns = ["url", "username", "accesskey"].map((name) => "nav_dynamicsnavodata" + name);
		const query = `?$select=nav_name,${columns}&$filter=statecode eq 0&$orderby=nav_name`;
		const rows = await read("nav_connection", query).catch((error) => {
			throw { why: error.errorCode >>> 0 === 0x80040220 ? "rights" : "unpublished" };
		});
		const company = form.getAttribute("bcbi_companyid")?.getValue()?.[0].name.slice(0, 30);
		const usable = rows.filter((row) => row[columns[0]] && row[columns[2]]);
		const row = usable.find((one) => one.nav_name?.slice(0, 30) === company) || usable[0];
		if (!row) throw { why: "unpublished" };
		const [address, user, key] = columns.map((name) => row[name]);
		try {
			const url = new URL(address.trim()), pass = btoa(user + ":" + key);
			if (url.protocol === "https:" || url.protocol === location.protocol) {
				if (!url.pathname.endsWith(SERVICE)) url.pathname = url.pathname.replace(/\/*$/, SERVICE);
				return { url, pass };
			}
		} catch {}
		throw { why: "address" };
	}

	async function get(address, pass) {
		const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 1000 * LIMIT_S);
		const options = { credentials: "omit", signal: stop.signal };
		try {
			const headers = { Accept: "application/json", Authorization: "Basic " + pass };
			const answer = await fetch(address, { ...options, headers }), { status } = answer;
			if (answer.ok) return { rows: (await answer.json()).value, headers: answer.headers };
			throw { why: STATUS[status] || "other", value: status, wait: answer.headers.get("Retry-After") };
		} catch (error) {
			if (error.why) throw error;
			if (stop.signal.aborted) throw { why: "slow", value: LIMIT_S };
			if (!(error instanceof TypeError)) throw { why: "other", value: "JSON" };
			// Browsers hide why. A request that reads nothing tells if anybody is there.
			const probe = fetch(new URL("/healthz", address), { ...options, mode: "no-cors" });
			throw { why: await probe.then(() => "origin", () => "away"), value: location.origin };
		} finally {
			clearTimeout(timer);
		}
	}

	async function ask(products, { url, pass }) {
		const found = new Map();
		let asOf = Date.now(), stale = false;
		for (let at = 0; at < products.length; at += AT_ONCE) {
			const filter = encodeURIComponent(`CRM_ID in (${products.slice(at, at + AT_ONCE)})`);
			const { rows, headers } = await get(url.href + (url.search ? "&" : "?") + "$filter=" + filter, pass);
			rows.forEach((row) => row.ItemNo && found.set(plain(row.CRM_ID), row));
			asOf = Math.min(asOf, Date.now() - 1000 * headers.get("Age"));
			stale = stale || /\b11[01]\b/.test(headers.get("Warning"));
		}
		return { found, asOf, stale };
	}

	async function compared(form, id, table) {
		const query = "?$select=_productid_value,_uomid_value,quantity&$orderby=lineitemnumber&$filter=" +
			`_${table}id_value eq ${id} and _productid_value ne null`;
		const lines = (await read(LINES[table], query)).map((line) => ({
			id: plain(line._productid_value), name: line["_productid_value" + LABEL],
			quantity: line.quantity, unit: line["_uomid_value" + LABEL] || ""
		}));
		if (!lines.length) return { text: say("none"), rows: [] };
		const state = await ask([...new Set(lines.map((line) => line.id))], await connection(form));
		const rows = lines.map((line) => {
			const item = state.found.get(line.id), same = (one) => one.id === line.id && one.unit === line.unit;
			const need = lines.filter(same).reduce((sum, one) => sum + one.quantity, 0);
			const verdict = !item ? "unknown" : line.unit.toUpperCase() !== item.UOM ? "unit"
				: need > item.Inventory + 1e-6 ? "short" : "enough";
			return { ...line, item, verdict, said: verdict !== "short" ? line.name
				: say("needs", line.name, number(need), number(item.Inventory), item.UOM) };
		});
		const of = (verdict) => rows.filter((one) => one.verdict === verdict), good = of("enough").length;
		const bad = of("short").length, text = ["short", "unknown", "unit"].filter((one) => of(one).length)
			.map((verdict) => " " + say(verdict, [...new Set(of(verdict).map((one) => one.said))].join(", ")));
		return { ...state, rows, bad, text: say("enough", good, good + bad) + text.join("") };
	}

	async function product(form, id) {
		const state = await ask([id], await connection(form)), item = state.found.get(id);
		const text = item ? say("one", number(item.Inventory), item.UOM, item.ItemNo) : say("noItem");
		return { ...state, rows: [], text };
	}

	async function refresh(self) {
		const { form, table } = self, id = plain(form.data.entity.getId());
		if (self !== current || self.asking || !id) return;
		clearTimeout(self.timer);
		self.asking = true;
		try {
			const state = await (LINES[table] ? compared : product)(form, id, table);
			if (state.stale) state.text += " " + say("stale");
			self.state = { level: state.bad || state.stale ? "WARNING" : "INFO", ...state };
		} catch ({ why: name = "other", value = "", wait }) {
			const heals = /away|slow|down|busy/.test(name), seconds = Math.min(120, wait || 30);
			const text = say("cannot", say(name, value)) + " " + (heals ? say("again", seconds) : say("tell"));
			if (heals) self.timer = setTimeout(() => document.hidden || refresh(self), 1000 * seconds);
			self.state = { level: heals ? "WARNING" : "ERROR", text, rows: [] };
		}
		self.asking = false;
		self.asked = Date.now();
		if (self === current) show(self);
	}

	// stock.html, where it is placed on the form, draws what it is given.
	function show(self) {
		const { form: { ui }, state } = self;
		const ours = (one) => one.getControlType() === "webresource" && /\/stock\.html/.test(one.getSrc());
		const panels = ui.controls.get(ours);
		ui.clearFormNotification(ID);
		if (!panels.length || state.level !== "INFO") {
			const more = state.text.length > 400 ? "… " : " ";
			ui.setFormNotification(state.text.slice(0, 400) + more + age(state.asOf), state.level, ID);
		}
		panels.forEach((one) => one.getContentWindow().then((page) => {
			const draw = () => page.draw({ ...state, lang, number, again: () => refresh(self), age: () => age(state.asOf) });
			if (page.draw) draw(); else page.addEventListener("load", draw, { once: true });
		}));
	}

	function onLoad(context) {
		const form = context.getFormContext(), table = form.data.entity.getEntityName();
		const self = current = { form, table, asked: 0 };
		const older = (seconds) => () => Date.now() - self.asked > 1000 * seconds && refresh(self);
		if ([1044, 2068].includes(Xrm.Utility.getGlobalContext().userSettings.languageId)) lang = "nb";
		form.data.addOnLoad(older(2));
		form.ui.tabs.forEach((tab) => tab.addTabStateChange(() => self.state && show(self)));
		form.ui.controls.forEach((one) => {
			if (one.getControlType() === "subgrid" && one.getEntityName() === LINES[table]) one.addOnLoad(older(2));
		});
		document.addEventListener("visibilitychange", () => document.hidden || older(60)());
		return refresh(self);
	}

	return { onLoad };
})();
