/** What examples of the API take as given beside `globals.d.ts`: what the method that they stand at belongs to. */
declare const client: import('drover/client').Client
declare const ctx: import('drover/worker').WorkerContext
declare const lease: import('drover').QuotaLease
declare const provider: import('drover/testing').FakeProvider
declare const quota: import('drover').SharedQuota
declare const response: Response

declare const checkStore: typeof import('drover').checkStore
declare const loadConfig: typeof import('drover').loadConfig
declare const observe: typeof import('drover/worker').observe
declare const observeResponse: typeof import('drover/worker').observeResponse
