import { Empty, Page } from '../ui/page.js'

export default function WorkersView() {
  return (
    <Page title="Workers">
      <Empty>Not yet</Empty>
    </Page>
  )
}
