// prom-client's registry alone. The package as a whole also loads its histograms, summaries and the collectors of node's own
// metrics, none of which is used here, and which take a tenth of a second of the start.
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';
  export default Registry;
}
