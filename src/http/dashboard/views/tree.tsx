import { Empty, Page } from '../ui/page.js'

export default function TreeView() {
  return (
    <Page title="Tree">
      <Empty>Not yet</Empty>
    </Page>
  )
}
