/** What a worker does once: Vitest runs this file itself anew before each test file. */
import './known-imports.ts';
