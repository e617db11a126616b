/** HTTP as it is handed in: the global `fetch`, a simulated service, or a recorder around either. */
export type Fetch = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;
