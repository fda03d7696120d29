import { expect, it } from 'vitest';
import { fleet } from '../../dashboards/source/fleet.ts';
import { type Dashboard, renderDashboard } from '../../dashboards/source/grafana.ts';
import { host } from '../../dashboards/source/host.ts';

const shipped: Record<string, Dashboard> = {
  'libvirt-vlan-fleet.json': fleet,
  'libvirt-vlan-host.json': host,
};

// `npm run golden` writes them anew.
it.each(Object.entries(shipped))('dashboards/%s is what dashboards/source makes', async (name, dashboard) => {
  const json = `${JSON.stringify(renderDashboard(dashboard), null, 2)}\n`;
  await expect(json).toMatchFileSnapshot(`../../dashboards/${name}`);
});
