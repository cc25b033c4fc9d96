// A browser that is told what to do line by line: JSON in, JSON out. {"id", "do", ...} → {"id", "value"} or {"id", "error"}.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const pages = new Map();
let made = 0;

const steps = {
  // A page in a window of its own, with nothing remembered; answers its number.
  async open({ url, dark, width, stopped }) {
    const context = await browser.newContext({ colorScheme: dark ? "dark" : "light", viewport: { width, height: 500 } });
    const page = await context.newPage();
    const seen = { page, context, requests: [], said: [] };
    page.on("request", (one) => seen.requests.push({ method: one.method(), url: one.url() }));
    page.on("console", (one) => seen.said.push(`${one.type()}: ${one.text()}`));
    page.on("pageerror", (error) => seen.said.push(`error: ${error.message}`));
    if (stopped) await page.clock.install();
    await page.goto(url);
    pages.set(++made, seen);
    return made;
  },
  evaluate: ({ page, code }) => pages.get(page).page.evaluate(code),
  advance: ({ page, seconds }) => pages.get(page).page.clock.fastForward(1000 * seconds),
  press: ({ page, key }) => pages.get(page).page.keyboard.press(key),
  aria: ({ page, frame }) => {
    const { page: shown } = pages.get(page);
    return (frame ? shown.frameLocator(frame) : shown).locator("body").ariaSnapshot();
  },
  picture: async ({ page, path }) => { await pages.get(page).page.screenshot({ path, fullPage: true }); },
  requests: ({ page }) => pages.get(page).requests,
  said: ({ page }) => pages.get(page).said,
  async close({ page }) {
    await pages.get(page).context.close();
    pages.delete(page);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: name, ...what } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ id, value: (await steps[name](what)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: String(error.message ?? error) })}\n`);
  }
}
await browser.close();
