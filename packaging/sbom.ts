// The package's contents for scanners: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/. Not `npm sbom`: that lists what is
// installed to build, of which a small part gets into the bundle, and has a time and a random number in it. Pure.
import { createHash } from 'node:crypto';
import type { BundledPackage } from './bundle.ts';

interface Contents {
  readonly version: string;
  /** As Debian names it. */
  readonly architecture: string;
  readonly node: { readonly version: string };
  readonly packages: readonly BundledPackage[];
  /** Seconds since the epoch. */
  readonly time: number;
}

/** The document's text. The same contents give the same bytes. */
export function renderSbom({ version, architecture, node, packages, time }: Contents): string {
  const components = [
    {
      type: 'application',
      'bom-ref': `pkg:generic/node@${node.version}`,
      name: 'node',
      version: node.version,
      purl: `pkg:generic/node@${node.version}`,
      cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:lts:*:*:*`,
      licenses: [{ license: { id: 'MIT' } }],
    },
    ...packages.map(({ name, version: of, license }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${of}`;
      // An SPDX expression as `(MIT OR Apache-2.0)`, or one id.
      const licenses = /\s/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
      return { type: 'library', 'bom-ref': purl, name, version: of, purl, licenses };
    }),
  ];
  const ref = `pkg:deb/libvirt-vlan-exporter@${version}?arch=${architecture}`;
  const body = {
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': ref,
        name: 'libvirt-vlan-exporter',
        version,
        purl: ref,
        licenses: [{ license: { id: 'MIT' } }],
      },
    },
    components,
    dependencies: [{ ref, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  // A UUID of version 8 (RFC 9562): made from what is in the document.
  const uuid = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  const head = { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: `urn:uuid:${uuid.join('-')}`, version: 1 };
  return `${JSON.stringify({ ...head, ...body }, null, 2)}\n`;
}
