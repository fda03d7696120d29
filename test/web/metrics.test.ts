import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { addMetrics } from '../../src/web/metrics.ts';
import { exporterOn, logSpy } from '../exporter/fixture.ts';
import { bridge, report, vnet } from '../report/example.ts';

it('of many changes that come while one is rendered, only the newest is rendered', async () => {
  const { exporter } = exporterOn();
  let newest = 0;
  let change = () => {};
  const rendered = new Set<number>();
  const reportOf = (n: number) => {
    const given = report(bridge({ vnets: [vnet({ domain: `vm-${n}`, vnet: 'vnet1' })] }));
    return Object.defineProperty({ ...given }, 'bridges', {
      get: () => {
        rendered.add(n);
        return given.bridges;
      },
    });
  };
  const changing = {
    ...exporter,
    state: () => ({ ...exporter.state(), report: reportOf(newest) }),
    subscribe: (changed: () => void) => {
      change = changed;
      return () => {};
    },
  };
  const app = Fastify();
  onTestFinished(() => app.close());
  const metrics = addMetrics(app, { path: '/metrics', exporter: changing, log: logSpy(), web: () => undefined });
  for (let n = 1; n < 100; n += 1) {
    newest = n;
    change();
  }
  await metrics.rendered();
  expect(rendered).toEqual(new Set([0, 99]));
  expect((await app.inject('/metrics')).body).toContain('vm-99');
});
