// `import text from './file?raw'` is the file's text: Vite knows it, rolldown.config.ts has it as a plugin.
declare module '*?raw' {
  const text: string;
  export default text;
}
