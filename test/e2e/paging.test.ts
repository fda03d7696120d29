// From a wrong PVID to the pager and back: the demo, Prometheus and Alertmanager as they are shipped, but in a hurry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardQueries, EMPTY_WHEN_HEALTHY, filledIn } from './dashboard-queries.ts';
import { type DemoProcess, startDemo } from './demo.ts';
import { inHurry } from './hurry.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { until } from './processes.ts';
import { type Notification, type Receiver, startReceiver } from './receiver.ts';

const RATE_INTERVAL = '10s';

let receiver: Receiver;
let demo: DemoProcess;
let monitoring: Monitoring;

beforeAll(async () => {
  receiver = await startReceiver();
  demo = await startDemo('--heal-after', '0');
  monitoring = await startMonitoring({ targets: [demo.target], receiver: receiver.port, edit: inHurry('1s') });
  await until('a rate can be told', async () => {
    const [series] = await monitoring.query('min(count_over_time(up[1h]))');
    return Number(series?.value[1]) > 10;
  });
});

afterAll(async () => {
  await monitoring?.stop();
  await demo?.stop();
  await receiver?.stop();
});

const find = async (expr: string) => await monitoring.query(filledIn(expr, RATE_INTERVAL));
const reasonFor = (expr: string) => EMPTY_WHEN_HEALTHY.find((listed) => listed.expr.test(expr))?.because;
const pvidWrong = (status: Notification['status']) => (notification: Notification) =>
  notification.status === status &&
  notification.alerts.some(({ labels }) => labels.alertname === 'LibvirtVlanPvidWrong');

describe('on a healthy host', () => {
  it.each(dashboardQueries.filter(({ expr }) => reasonFor(expr) === undefined))(
    '$where finds data',
    async ({ expr }) => {
      expect((await find(expr)).length).toBeGreaterThan(0);
    },
  );

  it.each(
    dashboardQueries.flatMap(({ where, expr }) =>
      ((because) => (because ? [{ where, expr, because }] : []))(reasonFor(expr)),
    ),
  )('$where finds nothing, because $because', async ({ expr }) => {
    expect(await find(expr)).toEqual([]);
  });

  it('nobody is told anything', () => {
    expect(receiver.notifications).toEqual([]);
  });
});

describe('a PVID that is wrong, while the remediator is paused', () => {
  let page: Notification;

  beforeAll(async () => {
    await demo.order('pause');
    await demo.order('break-pvid', 'vyos-01');
    page = await receiver.wait('the page', pvidWrong('firing'), 60_000);
  }, 90_000);

  it('reaches the pager, for its host', () => {
    expect(page).toMatchObject({ receiver: 'pager', groupLabels: { instance: demo.target } });
    expect(page.alerts).toHaveLength(1);
  });

  it('comes with the labels that say where it is', () => {
    const { vnet } = page.alerts[0]?.labels ?? {};
    expect(page.alerts[0]?.labels).toEqual({
      alertname: 'LibvirtVlanPvidWrong',
      severity: 'critical',
      job: 'libvirt-vlan-exporter',
      instance: demo.target,
      bridge: 'br-mgmt',
      domain: 'vyos-01',
      vnet,
    });
    expect(vnet).toMatch(/^vnet\d+$/);
  });

  it('comes with a text that says what it is, what it should be, and what to type', () => {
    const { labels = {}, annotations = {} } = page.alerts[0] ?? {};
    expect(annotations.summary).toBe(`Wrong PVID: vyos-01 on ${demo.target}`);
    expect(annotations.description).toBe(
      `${labels.vnet} of vyos-01 on bridge br-mgmt has PVID 20, expected 100. Its untagged traffic is on the wrong VLAN or dropped. ` +
        "On the host: libvirt-vlan-exporter plan 'vyos-01'",
    );
    expect(annotations.runbook_url).toMatch(/\/runbooks\/LibvirtVlanPvidWrong\.md$/);
  });

  it('is an alert of that VM only', async () => {
    const firing = await monitoring.query('ALERTS{alertname="LibvirtVlanPvidWrong"}');
    expect(firing.map(({ metric }) => metric.domain)).toEqual(['vyos-01']);
  });

  it('shows on the dashboards: what found nothing before finds it now', async () => {
    // No interface is without a port.
    const nowFound = dashboardQueries.filter(
      ({ expr }) => /^ALERTS|bridge_findings.*> 0$/.test(expr) && !expr.includes('not_on_bridge'),
    );
    expect(nowFound.length).toBe(3);
    for (const { where, expr } of nowFound) expect((await find(expr)).length, where).toBeGreaterThan(0);
  });
});

describe('the remediator, when it may', () => {
  beforeAll(async () => {
    await demo.order('resume');
    await receiver.wait('the all-clear', pvidWrong('resolved'), 60_000);
  }, 90_000);

  it('has put the PVID right', async () => {
    const [series] = await monitoring.query('libvirt_vlan_vnet_pvid{domain="vyos-01"}');
    expect(series?.value[1]).toBe('100');
  });

  it('makes the alert resolve, and the pager is told', () => {
    const last = receiver.notifications.filter(({ receiver: to }) => to === 'pager').at(-1);
    expect(last).toMatchObject({ status: 'resolved', alerts: [{ labels: { domain: 'vyos-01' }, status: 'resolved' }] });
  });

  it('leaves a mark on the graphs, at the time of the heal', async () => {
    const annotation = dashboardQueries.find(({ where }) => where.endsWith('annotation Healed'));
    const [series] = await find(annotation?.expr ?? '');
    expect(Math.abs(Date.now() - Number(series?.value[1]))).toBeLessThan(120_000);
  });

  // Before the first heal a quantile is there too, but it is not a number.
  it('has its time on the graphs', async () => {
    const times = dashboardQueries.filter(({ where }) => where.includes('Time to heal'));
    expect(times.length).toBe(2);
    for (const { expr } of times) {
      expect(Number((await monitoring.query(filledIn(expr, '2m')))[0]?.value[1])).toBeGreaterThan(0);
    }
  });
});
