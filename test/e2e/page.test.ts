// The status page in a real browser: without and with script, live, by keyboard, at phone width, and with 1,000 vnets.
// WCAG 2.2 A and AA are checked by axe-core. With SCREENSHOTS=FOLDER each state is kept as a picture.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type VlanTable, vidRange, vlanTable } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { PageInput } from '../../src/report/page/input.ts';
import { GOOD, input, NOW, POLICY, snapshotOf, table, VLANS } from '../report/page/fixture.ts';
import { launch, type PageServer, servePage } from './browser.ts';
import { startDemo } from './demo.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
let server: PageServer | undefined;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
afterEach(async () => {
  vi.useRealTimers();
  for (const context of browser.contexts()) await context.close();
  await server?.stop();
  server = undefined;
});

async function open(state: PageInput, options: BrowserContextOptions = {}, query = '', pingMs = 15_000): Promise<Page> {
  server = await servePage(state, { pingMs });
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => expect.unreachable(`error in the page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('net::ERR')) expect.unreachable(message.text());
  });
  await page.goto(server.url + query);
  return page;
}

const live = (page: Page) => page.locator('#live.on').waitFor();
const rows = (page: Page) => page.locator('tbody tr:visible th').allTextContents();
const focused = (page: Page) => page.evaluate('document.activeElement.id');

const vms = (n: number, drift: Readonly<Record<number, VlanTable>> = {}) =>
  Array.from({ length: n }, (_, i) => ({ name: `vm-${i}`, vlans: drift[i] ?? GOOD }));
const PATIENT = { timeout: 30_000 };
const ONE_DRIFTED = vms(5, { 3: table(VLANS, 1) });

// ── without script ──────────────────────────────────────────────────────────────────────────────────────────────────

test('without JavaScript the page is complete, and its form searches', async () => {
  const page = await open(input(ONE_DRIFTED), { javaScriptEnabled: false });
  expect(await page.locator('h1').textContent()).toBe('1 of 5 vnets has drifted');
  expect(await rows(page)).toEqual(['vm-3', 'vm-0', 'vm-1', 'vm-2', 'vm-4']);
  expect(await page.locator('#findings').textContent()).toContain('bridge vlan show dev vnet3');

  await page.fill('#q', 'VNET4');
  await page.click('button');
  expect(await rows(page)).toEqual(['vm-4']);
  await page.fill('#q', '');
  await page.check('#drifted');
  await page.click('button');
  expect(await rows(page)).toEqual(['vm-3']);
  expect(await page.isChecked('#drifted')).toBe(true);
});

test('without JavaScript what is folded away can be opened', async () => {
  const drift = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, table(VLANS, 1)]));
  const page = await open(input(vms(30, drift)), { javaScriptEnabled: false });
  expect(await page.locator('.findings > li:visible').count()).toBe(10);
  await page.click('text=20 more subjects');
  expect(await page.locator('.findings > li:visible').count()).toBe(30);
});

// ── live ────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('drift appears without a reload, and focus, search and scroll stay', async () => {
  const page = await open(input(vms(200)));
  await live(page);
  await page.fill('#q', 'vm-1');
  await page.evaluate('window.kept = true; document.querySelector(".scroll").scrollTop = 300; scrollTo(0, 250)');
  const place = 'Math.round(document.getElementById("v/br-mgmt/vnet120").getBoundingClientRect().top)';
  const before = await page.evaluate<number>(place);

  server?.show(input(vms(200, { 17: table(VLANS, 1) })));
  await page.locator('h1:text("1 of 200 vnets has drifted")').waitFor();
  expect(await page.title()).toBe('1 drifted · kvm-07');
  expect(await page.locator('#findings').textContent()).toContain('vm-17');
  expect(await page.evaluate('window.kept')).toBe(true);
  expect(await focused(page)).toBe('q');
  expect(await page.inputValue('#q')).toBe('vm-1');
  expect(await rows(page)).not.toContain('vm-2');
  // A row and a section came in above; what the reader looks at stays where it is.
  expect(Math.abs((await page.evaluate<number>(place)) - before)).toBeLessThan(5);

  server?.show(input(vms(200)));
  await page.locator('h1:text("All 200 vnets are compliant")').waitFor();
  expect(await page.locator('#findings').textContent()).toContain('None');
});

test('what was opened stays open over an update', async () => {
  const drift = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, table(VLANS, 1)]));
  const page = await open(input(vms(30, drift)));
  await live(page);
  await page.click('text=20 more subjects');
  server?.show(input(vms(31, drift)));
  await page.locator('h1:text("30 of 31")').waitFor();
  expect(await page.locator('.findings > li:visible').count()).toBe(30);
});

test('a lost connection is said, and over when the server is back', async () => {
  const page = await open(input(vms(2)));
  await live(page);
  await server?.stop();
  await page.locator('#live.lost:has-text("Connection lost")').waitFor();
  await server?.restart();
  server?.show(input(ONE_DRIFTED));
  await live(page);
  await page.locator('h1:text("1 of 5 vnets has drifted")').waitFor();
});

test('a page follows a server whose clock is set back, also where that happens while it is away', async () => {
  const page = await open(input(vms(5)));
  await live(page);
  vi.setSystemTime(Date.now() - 3_600_000);
  server?.show(input(ONE_DRIFTED));
  await page.locator('h1:text("1 of 5 vnets has drifted")').waitFor();

  await server?.stop();
  await page.locator('#live.lost').waitFor();
  vi.setSystemTime(Date.now() - 3_600_000);
  await server?.restart();
  server?.show(input(vms(6)));
  await page.locator('h1:text("All 6 vnets are compliant")').waitFor();
});

test('title and icon of a tab that is not seen tell of drift, at most each 15 s; the rest follows when it is seen', async () => {
  const page = await open(input(vms(5)), {}, '', 50);
  await live(page);
  const icon = () => page.getAttribute('link[rel=icon]', 'href');
  const pings = (n: number) =>
    page.evaluate(`new Promise((resolve) => {
      const events = new EventSource('events');
      let heard = 0;
      events.addEventListener('ping', () => ++heard === ${n} && resolve(events.close()));
    })`);
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.evaluate('Object.defineProperty(document, "hidden", { get: () => !window.seen })');

  server?.show(input(ONE_DRIFTED));
  await expect.poll(() => page.title(), PATIENT).toBe('1 drifted · kvm-07');
  expect(await icon()).toContain('drift');
  expect(await page.textContent('h1')).toBe('All 5 vnets are compliant');

  server?.show(input(vms(6)));
  await pings(3);
  expect(await page.title()).toBe('1 drifted · kvm-07');
  await page.clock.fastForward(15_000);
  await expect.poll(() => page.title(), PATIENT).toBe('✓ kvm-07');
  expect(await icon()).toContain('ok');

  await page.evaluate('window.seen = true; document.dispatchEvent(new Event("visibilitychange"))');
  await page.locator('h1:text("All 6 vnets are compliant")').waitFor();
});

test('a page that has the newest state does not fetch it again', async () => {
  const page = await open(input(vms(5)));
  await live(page);
  server?.show(input(ONE_DRIFTED));
  await page.locator('h1:text("1 of 5 vnets has drifted")').waitFor();
  const fetched = 'performance.getEntriesByType("resource").filter((it) => it.initiatorType === "fetch").length';
  expect(await page.evaluate(fetched)).toBe(1);
});

test('an update that fails once is tried again, and meanwhile the page is not called live', async () => {
  const page = await open(input(vms(5)));
  await live(page);
  await page.route('**/', (route) => route.abort(), { times: 1 });
  server?.show(input(ONE_DRIFTED));
  await page.locator('#live.lost:has-text("Connection lost")').waitFor();
  await page.locator('h1:text("1 of 5 vnets has drifted")').waitFor();
  await live(page);
});

test('a page opened with a search in its address has all rows for another search', async () => {
  const page = await open(input(ONE_DRIFTED), {}, '?q=vm-4&drifted=0');
  expect(await rows(page)).toEqual(['vm-4']);
  await page.locator('body[data-filtered=no]').waitFor();
  await page.fill('#q', 'vm-3');
  expect(await rows(page)).toEqual(['vm-3']);
  expect(page.url()).toContain('?q=vm-3');
});

test('a finding that a search shows stays in sight over updates, and the folds close when the search ends', async () => {
  const drift = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, table(VLANS, 1)]));
  const page = await open(input(vms(30, drift)), {}, '?q=vm-25');
  const found = page.locator('.findings > li:visible');
  // The page held the finding alone; by its first update it holds all of them.
  await page.locator('body[data-filtered=no]').waitFor();
  expect(await found.count()).toBe(1);

  server?.show(input(vms(31, drift)));
  await page.locator('h1:text("30 of 31")').waitFor();
  expect(await found.count()).toBe(1);

  await page.fill('#q', '');
  expect(await found.count()).toBe(10);
});

test('a finding beyond the first ten that appears while a search for it is typed is in sight', async () => {
  const some = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [i, table(VLANS, 1)]));
  const page = await open(input(vms(30, some(5))));
  await live(page);
  await page.fill('#q', 'vm-25');
  server?.show(input(vms(30, some(30))));
  await page.locator('h1:text("All 30 vnets have drifted"), h1:text("30 of 30")').waitFor();
  expect(await page.locator('.findings > li:visible').count()).toBe(1);
});

test('the demo: a wrong PVID appears, and goes when it is healed, without a reload', async () => {
  const demo = await startDemo('--heal-after', '3600');
  try {
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    await page.goto(`http://${demo.target}/`);
    await live(page);
    await page.locator('h1:text("are compliant")').waitFor();
    await page.evaluate('window.kept = true');

    const began = performance.now();
    await demo.order('break-pvid', 'vyos-01');
    await page.locator('.findings h3:has-text("vyos-01")').waitFor();
    console.log(`drift on the simulated host to the page: ${Math.round(performance.now() - began)} ms`);
    expect(await page.locator('.findings').textContent()).toContain('expected PVID 100');

    await demo.order('repair', 'vyos-01');
    await page.locator('h1:text("are compliant")').waitFor();
    expect(await page.evaluate('window.kept')).toBe(true);
  } finally {
    await demo.stop();
  }
});

// ── what it shows ───────────────────────────────────────────────────────────────────────────────────────────────────

test('a name that is markup is text', async () => {
  const name = '<script>alert(1)</script><img src=x onerror=alert(2)>';
  const page = await open(input([{ name, vlans: [] }]));
  page.on('dialog', () => expect.unreachable('a script ran'));
  await live(page);
  expect(await rows(page)).toEqual([name]);
  expect(await page.locator('img').count()).toBe(0);
  server?.show(input([{ name }, { name: 'other' }]));
  await page.locator('h1:text("All 2")').waitFor();
  expect(await page.locator('img').count()).toBe(0);
});

test('the marks of the matrix are words to a screen reader', async () => {
  const page = await open(input(ONE_DRIFTED));
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const cells = nodes.filter((node) => /cell/.test(node.role?.value)).map((node) => node.name?.value);
  expect(cells).toContain('PVID, should not be');
  expect(cells).toContain('tagged');
  expect(cells.join()).not.toContain('●');
});

// ── keyboard ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('the keyboard reaches everything: skip link, search, filter, table', async () => {
  const page = await open(input(ONE_DRIFTED));
  await live(page);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to findings');
  await page.keyboard.press('Enter');
  expect(await focused(page)).toBe('findings-or-vnets');
  await page.keyboard.press('/');
  expect(await focused(page)).toBe('q');
  await page.keyboard.type('vm-2');
  expect(await rows(page)).toEqual(['vm-2']);
  await page.keyboard.press('Escape');
  expect(await rows(page)).toHaveLength(5);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  expect(await rows(page)).toEqual(['vm-3']);
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('s/br-mgmt');
});

// ── 1,000 vnets ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('1,000 vnets, all drifted: small to load, and quick to search', async () => {
  const drift = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, table([], 1)]));
  const page = await open(input(vms(1000, drift)));
  await live(page);
  const size = await page.evaluate('performance.getEntriesByType("navigation")[0].encodedBodySize');
  expect(size).toBeLessThan(500_000);

  const filterMs = await page.evaluate(`new Promise((resolve) => {
    const start = performance.now();
    document.getElementById('q').value = 'vm-99';
    document.getElementById('q').dispatchEvent(new Event('input', { bubbles: true }));
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
  })`);
  console.log(
    `1,000 vnets, all drifted: ${size} bytes compressed, ${Math.round(filterMs as number)} ms from key to paint`,
  );
  expect(await rows(page)).toHaveLength(11);
  expect(await page.locator('#shown').textContent()).toBe('11 of 1000 vnets shown');
  expect(filterMs).toBeLessThan(2000);
});

// ── accessibility ───────────────────────────────────────────────────────────────────────────────────────────────────

const STATES: Readonly<Record<string, () => PageInput>> = {
  compliant: () => input(vms(5)),
  drifted: () => everything(),
  unknown: () =>
    input([], {
      report: evaluate({ ...snapshotOf(vms(3)), vlans: { ok: false, error: 'bridge: exit status 255' } }, POLICY),
      audit: {
        ...input([]).audit,
        dueAt: NOW - 1,
        configProblem: 'config.yml:3:5: pvid: expected a VLAN id, found 5000',
      },
    }),
  first: () => input([], { report: undefined, audit: { ...input([]).audit, lastSuccessAt: undefined } }),
};

for (const [name, state] of Object.entries(STATES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      test(`axe finds nothing and nothing is cut off: ${name}, ${colorScheme}, ${device}`, async () => {
        const page = await open(state(), { colorScheme, viewport, reducedMotion: 'reduce' });
        await live(page);
        await keepPicture(page, `${name}-${colorScheme}-${device}`);
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      });
    }
  }
}

/** What axe finds, one line each; empty where all is well. */
async function violations(page: Page): Promise<unknown> {
  await page.evaluate(`{ ${readFileSync(axePath, 'utf8')} }`);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html + ' ' + node.failureSummary)))`);
}

async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** A host where each section has something to say. */
function everything(): PageInput {
  const untagged40 = vlanTable([...GOOD, { ...vidRange(40), pvid: false, untagged: true }]);
  const lastError = { at: NOW - 340_000, text: 'ERROR: vnet4: failed to set PVID 100' };
  const drift = {
    1: table(VLANS.slice(2), 1),
    4: table([], 1),
    6: [],
    8: table([...VLANS, 200, 201], 100),
    9: untagged40,
  };
  const decision = {
    bridge: 'br-mgmt',
    domain: 'vm-4',
    vnet: 'vnet4',
    trigger: 'event',
    before: '1*',
    after: '10 20 30 40 100* 110 120',
  };
  return input(vms(14, drift), {
    notice: 'This is the simulated host of the demo: drift happens by itself.',
    collectors: [
      { collector: 'links', ok: true, problem: undefined, durationMs: 3 },
      { collector: 'vlans', ok: false, problem: 'bridge: exit status 255', durationMs: 12 },
    ],
    watchers: [{ watcher: 'journal', up: false }],
    hook: {
      stats: {
        ok: true,
        value: { byDomain: new Map([['vm-4', { errors: 2, warnings: 1, runs: 3, lastError }]]), suppressed: 0 },
      },
      installed: false,
    },
    remediator: {
      kind: 'current',
      status: {
        version: 1,
        startedAt: NOW - 7_000_000,
        lastCycleAt: NOW - 3000,
        dryRun: true,
        paused: true,
        policySha256: 'ab',
        heldPolicySha256: 'cd',
        domains: [
          {
            bridge: 'br-mgmt',
            domain: 'vm-4',
            remediations: 7,
            failures: 1,
            lastAt: NOW - 30_000,
            suspendedSince: NOW - 20_000,
          },
        ],
        held: [{ bridge: 'br-mgmt', domain: 'vm-9', vnet: 'vnet9', changes: ['bridge vlan add vid 40 dev vnet9'] }],
        refusals: [
          {
            bridge: 'br-mgmt',
            domain: undefined,
            vnet: 'vnet44',
            reason: 'mac_ambiguous',
            text: 'two interfaces claim it',
          },
        ],
        duration: { buckets: [[null, 0]], sum: 0, count: 0 },
        recent: [
          {
            ...decision,
            at: NOW - 20_000,
            outcome: 'suspended',
            commands: [],
            problem: '6 heals in 10 min',
            durationMs: undefined,
          },
          {
            ...decision,
            at: NOW - 30_000,
            outcome: 'verified',
            commands: ['bridge vlan add vid 100 dev vnet4 pvid untagged', 'bridge vlan del vid 1 dev vnet4'],
            problem: undefined,
            durationMs: 143,
          },
        ],
      },
    },
  });
}
