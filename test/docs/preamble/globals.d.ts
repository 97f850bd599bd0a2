/** What fragments of the pages take as given; `docs/README.md` says so to their reader. All that drover exports is there without an import. */
declare const drover: import('drover').Drover
declare const token: string
declare const signal: AbortSignal

declare const createDrover: typeof import('drover').createDrover
declare const createQuota: typeof import('drover').createQuota
declare const composePolicy: typeof import('drover').composePolicy
declare const matrix: typeof import('drover').matrix
declare const policies: typeof import('drover').policies
declare const quotas: typeof import('drover').quotas
declare const supervisor: typeof import('drover').supervisor
declare const showProgress: typeof import('drover').showProgress
declare const validateConfig: typeof import('drover').validateConfig

declare const defineWorker: typeof import('drover/worker').defineWorker
declare const TaskError: typeof import('drover/worker').TaskError
type Ask<Request = undefined, Reply = undefined> = import('drover/worker').Ask<Request, Reply>
type Tell<Request = undefined> = import('drover/worker').Tell<Request>

declare const connectQuota: typeof import('drover/worker').connectQuota
declare const createStatusApp: typeof import('drover/http').createStatusApp
declare const serveStatus: typeof import('drover/http').serveStatus
declare const connect: typeof import('drover/client').connect
declare const fakeProvider: typeof import('drover/testing').fakeProvider
declare const simulatedClock: typeof import('drover/testing').simulatedClock
