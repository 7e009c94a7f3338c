// One Vite build, a page a desk: a new desk is a folder under src/apps, an HTML file and a line in `pages`.
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const pages = { viewer: 'index.html', import: 'import.html' };

// `npm run dev` shows the sources against a running server: `DITU_URL=http://127.0.0.1:8080 npm run dev`.
const server = process.env['DITU_URL'] ?? 'http://127.0.0.1:8790';
const api = ['/collections', '/identify', '/styles', '/sprites', '/fonts', '/tiles', '/terrain', '/health', '/imports'];

/** Gzipped bytes that our own code may take; MapLibre is counted apart and fixed. A page must open on an office PC. */
const BUDGET = { '.js': 60_000, '.css': 20_000 };

const budget: Plugin = {
  name: 'budget',
  generateBundle(_, bundle) {
    for (const [ending, most] of Object.entries(BUDGET)) {
      const own = Object.values(bundle).filter((f) => f.fileName.endsWith(ending) && !f.fileName.includes('maplibre'));
      const bytes = own.reduce((sum, f) => sum + gzipSync(f.type === 'chunk' ? f.code : f.source).length, 0);
      if (bytes > most) this.error(`${ending} of our own takes ${bytes} bytes gzipped, the budget is ${most}`);
    }
  },
};

export default defineConfig({
  plugins: [budget],
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: Object.fromEntries(api.map((path) => [path, server])) },
  build: {
    target: 'es2022',
    // The map library is past the usual warning size and never changes with our code.
    chunkSizeWarningLimit: 1400,
    rolldownOptions: {
      input: pages,
      output: {
        // MapLibre in a file of its own stays in the browser's cache when only our code changes.
        codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@maplibre|@mapbox)/ }] },
      },
    },
  },
});
