export function startMock(options?: { port?: number; empty?: boolean }): Promise<{ url: string; stop(): Promise<unknown> }>;
