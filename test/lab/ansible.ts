// The Ansible role by Debian's own ansible against this host, by a local connection.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { note, sh } from './scenario.ts';

const FOLDER = '/run/ansible-lab';

/** Where the exporter listens by VARIABLES. */
export const URL = 'http://127.0.0.1:19178/metrics';

export const VARIABLES = {
  libvirt_vlan_exporter_deb: '/lab/stage/new.deb',
  libvirt_vlan_exporter_config: {
    bridges: {
      'br-mgmt': {
        vlans: [10, '200-210'],
        pvid: 'none',
        rules: [{ name: 'routers', domains: ['vyos-*', '9800'], mac: '52:54:00:01:00:01', pvid: 10 }],
      },
    },
    schedule: '*/30 * * * * *',
  },
  libvirt_vlan_exporter_web_listen_address: ['127.0.0.1:19178'],
  libvirt_vlan_exporter_http_server_config: { headers: { 'X-Frame-Options': 'deny' } },
  libvirt_vlan_exporter_hook: true,
  libvirt_vlan_exporter_remediator: true,
  libvirt_vlan_exporter_remediator_dry_run: true,
};

interface Played {
  readonly changed: number;
  readonly failed: number;
  readonly said: string;
}

/** Runs the role. */
export async function play(variables: object, args = ''): Promise<Played> {
  writeFileSync(`${FOLDER}/variables.json`, JSON.stringify(variables));
  const began = performance.now();
  const said = await sh(
    `cd ${FOLDER} && ansible-playbook -i localhost, ${args} -e @variables.json play.yml 2>&1; true`,
    { timeoutMs: 400_000 },
  );
  const [, changed, failed] = /localhost +: ok=\d+ +changed=(\d+) .*failed=(\d+)/.exec(said) ?? [];
  if (changed === undefined) throw new Error(said);
  note(`${args || 'run'}: ${Math.round((performance.now() - began) / 1000)} s, changed ${changed}, failed ${failed}`);
  return { changed: Number(changed), failed: Number(failed), said };
}

/** A host without the package, and a play of the role alone. */
export async function begin(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/play.yml`, '- hosts: localhost\n  connection: local\n  roles: [libvirt_vlan_exporter]\n');
  writeFileSync(
    `${FOLDER}/ansible.cfg`,
    '[defaults]\nroles_path = /lab/stage/roles\ngathering = explicit\n[connection]\npipelining = true\n',
  );
  await sh('apt-get --yes purge libvirt-vlan-exporter');
}

/** As the other scenarios expect the host. */
export async function end(): Promise<void> {
  const left = ['/var/cache/libvirt-vlan-exporter.deb', '/etc/libvirt-vlan-exporter/web.yml', FOLDER];
  for (const path of [...left, '/etc/default/libvirt-vlan-remediator']) rmSync(path, { recursive: true, force: true });
  await sh('apt-get --yes purge libvirt-vlan-exporter && /lab/inside/install-product /lab/stage');
}
