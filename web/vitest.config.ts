// Three projects: `unit` needs nothing, `e2e` drives a browser against a running server, `shared` does so with the real
// files of ../shared/data, which are no part of the project.
import { defineConfig } from 'vitest/config';

const browser = {
  // Software GL on two busy cores varies by a factor of eight between runs.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  fileParallelism: false,
  sequence: { concurrent: false },
};

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } },
      { extends: true, test: { name: 'e2e', include: ['e2e/*.spec.ts'], ...browser } },
      { extends: true, test: { name: 'shared', include: ['e2e/shared/*.spec.ts'], ...browser } },
    ],
  },
});
