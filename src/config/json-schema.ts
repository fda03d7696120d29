// The JSON Schema of the config file, for editors: made from the same definition as the reader.
import { configFile } from './schema.ts';

/** The schema as the text of systemd/config.schema.json. */
export function renderJsonSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'libvirt-vlan-exporter config.yml',
    ...configFile.schema,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
