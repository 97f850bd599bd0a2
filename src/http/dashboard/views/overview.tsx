import { Empty, Page } from '../ui/page.js'

export default function OverviewView() {
  return (
    <Page title="Overview">
      <Empty>Not yet</Empty>
    </Page>
  )
}
