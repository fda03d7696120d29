import { XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/host/linux/domain-xml.ts';
import { cutDomainXml } from '../../../src/host/linux/domain-xml-cut.ts';

const NIC = "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>";

test('name, uuid and interfaces are left, and nothing of disks, graphics and what stands beside the domain', () => {
  const xml = `<domstatus pid='7'><taint flag='x'/><domain><name>a</name><os/><uuid>u</uuid><devices>
<disk><source file='>'/><backingStore><disk/></backingStore></disk>${NIC}<graphics passwd='s3cret'/></devices></domain></domstatus>`;
  expect(cutDomainXml(xml).domain).toBe(
    `<domstatus pid='7'><domain><name>a</name><uuid>u</uuid><devices>\n${NIC}</devices></domain></domstatus>`,
  );
});

test('metadata is cut out, and what is ours of it stands alone', () => {
  const ours = "<v:vlans xmlns:v='urn:libvirt-vlan-exporter:1'><v:interface/></v:vlans>";
  const xml = `<domain><metadata><n:x xmlns:n='urn:n'><metadata/></n:x>${ours}<n:y/></metadata></domain>`;
  expect(cutDomainXml(xml)).toEqual({ domain: '<domain></domain>', metadata: `<metadata>${ours}</metadata>` });
});

test('where <metadata> itself declares our namespace, all of it is', () => {
  const metadata = "<metadata xmlns:v='urn:libvirt-vlan-exporter:1'><v:vlans/><n:y/></metadata>";
  expect(cutDomainXml(`<domain>${metadata}</domain>`)).toEqual({ domain: '<domain></domain>', metadata });
});

test('tags in comments, CDATA and quotes are text', () => {
  const xml = `<domain><!-- </domain> <disk> --><name>a</name><description><![CDATA[</domain>]]></description><devices><disk a="</devices>"/></devices></domain>`;
  expect(cutDomainXml(xml)).toEqual({
    domain: '<domain><!-- </domain> <disk> --><name>a</name><devices></devices></domain>',
    metadata: undefined,
  });
});

test.each([
  '<domain><devices><disk><source></disk></devices></domain>',
  '<domain><devices><disk>',
  "<domain><devices><disk file='x></devices></domain>",
  '<domain><devices><!-- </devices></domain>',
  '<domain><devices><![CDATA[ </devices></domain>',
  '<domain></domain></domain>',
])('what is half written is an error, also in what is cut out: %s', (xml) => {
  expect(() => cutDomainXml(`<?xml version='1.0'?>\n${xml}`)).toThrow(/^the XML is broken in line 2 \(InvalidTag\)$/);
});

test('what is broken behind a part that is cut out is told with its line', () => {
  const xml = `<domain><devices><disk>\n\n</disk>\n<interface a></interface></devices></domain>`;
  expect(() => parseDomainXml(xml)).toThrow('the XML is broken in line 4 (InvalidAttr)');
});

test('a file of megabytes takes less time than its validation alone', () => {
  const chain = (n: number): string =>
    n === 0 ? '' : `<backingStore type='file'><source file='/images/${n}'/>${chain(n - 1)}</backingStore>`;
  const disks = `<disk type='file'>${chain(150)}</disk>`.repeat(150);
  const xml = `<domain><name>a</name><devices>${disks}${NIC}</devices></domain>`;
  const best = (work: () => unknown) =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const begin = performance.now();
        work();
        return performance.now() - begin;
      }),
    );
  expect(xml.length).toBeGreaterThan(1e6);
  expect(best(() => parseDomainXml(xml))).toBeLessThan(best(() => XMLValidator.validate(xml)));
});
