// /usr/share/doc/…/copyright: our licence, Node's, and those of the bundled packages. Free form, which Debian's policy (12.5) allows:
// one file of the bundle has the code of many. Pure.
import type { BundledPackage } from './bundle.ts';

interface Licences {
  readonly ours: string;
  readonly node: { readonly version: string; readonly licenseText: string };
  readonly packages: readonly BundledPackage[];
}

/** The file's text. */
export function renderCopyright({ ours, node, packages }: Licences): string {
  return [
    'libvirt-vlan-exporter is under the licence that follows. This package also holds Node.js, in',
    '/usr/bin/libvirt-vlan-exporter-node, and the npm packages below, bundled in /usr/lib/libvirt-vlan-exporter/dist, each under',
    'its own licence.',
    '',
    ...packages.map(({ name, version, license }) => ` ${name} ${version}: ${license}`),
    ` Node.js ${node.version}: MIT, and those of what it holds`,
    '',
    ...section('libvirt-vlan-exporter', ours),
    ...packages.flatMap(({ name, version, homepage, licenseText }) =>
      section(`${name} ${version}${homepage ? ` (${homepage})` : ''}`, licenseText),
    ),
    ...section(`Node.js ${node.version} (https://nodejs.org/)`, node.licenseText),
  ].join('\n');
}

function section(title: string, text: string): readonly string[] {
  const lines = text.trim().split(/\r?\n/);
  return ['-'.repeat(78), title, '-'.repeat(78), '', ...lines.map((line) => line.trimEnd()), ''];
}
