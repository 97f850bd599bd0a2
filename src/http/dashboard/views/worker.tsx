import { Empty, Page } from '../ui/page.js'

export default function WorkerView() {
  return (
    <Page title="Worker">
      <Empty>Not yet</Empty>
    </Page>
  )
}
