// The models that are served, and the pods that serve them.

import type { ServedModel, Server } from "../api/cluster.ts";
import { useApp } from "../app/context.tsx";
import { unknown } from "../format.ts";
import { Choice } from "../fleet/FleetPage.tsx";
import {
  ClusterFrame, type Column, Count, ListTable, NodeLink, Panel, PodLink, rate_text, ratio_text, ResourceLink, SearchField, seconds_text, Toolbar,
  useFilters,
} from "./parts.tsx";
import { Sparkline, useSeries } from "./Serving.tsx";
import { useList } from "./use_cluster.ts";

export function ModelsPage() {
  const { t } = useApp();
  return <ClusterFrame title={t("kube.models")}>{() => <Models />}</ClusterFrame>;
}

const tokens = "generation_tokens_per_second";

function Models() {
  const { t, f } = useApp();
  const { filters, set } = useFilters();
  const asked = { q: filters.get("q") ?? undefined, engine: filters.get("engine") ?? undefined };
  const models = useList<ServedModel>("/cluster/models", { ...asked, sort: filters.get("sort") ?? undefined });
  const servers = useList<Server>("/cluster/servers", asked);
  const history = useSeries(models.items.flatMap(({ model }) => (model ? [`served-model/${model}`] : [])), [tokens]);
  const columns: Column<ServedModel>[] = [
    { name: t("kube.model"), cell: ({ model }) => model || unknown },
    { name: t("kube.engine"), cell: ({ engines }) => engines.join(", ") },
    {
      name: t("kube.servers"), number: true,
      cell: ({ servers: all, servers_answering }) => (
        <span class={servers_answering < all ? "badge warn" : ""}>{t("kube.of", { part: f.integer(servers_answering), whole: f.integer(all) })}</span>
      ),
    },
    { name: t("kube.gpus"), number: true, cell: ({ gpus }) => f.integer(gpus) },
    { name: t("kube.tokens.rate"), number: true, cell: (one) => rate_text(f, one.generation_tokens_per_second) },
    {
      name: t("kube.last_hour"),
      cell: ({ model }) => <Sparkline history={history} resource={`served-model/${model}`} metric={tokens} label={`${t("kube.tokens.rate")}: ${model}`} />,
    },
    { name: t("kube.ttft"), number: true, cell: (one) => seconds_text(f, one.time_to_first_token_p95_seconds) },
    { name: t("kube.running"), number: true, cell: (one) => f.integer(one.requests_running) },
    { name: t("kube.waiting"), number: true, cell: (one) => f.integer(one.requests_waiting) },
    { name: t("kube.kv"), number: true, cell: (one) => ratio_text(f, one.kv_cache_usage_ratio) },
  ];
  return (
    <>
      <Toolbar>
        <SearchField name={t("kube.search.models")} value={asked.q ?? ""} change={(value) => set("q", value)} main />
        <Choice label={t("kube.engine")} value={asked.engine ?? ""} change={(value) => set("engine", value)}
          options={[["", t("kube.engine.any")], ["vllm", "vLLM"], ["sglang", "SGLang"]]} />
        <Choice label={t("sort.label")} value={filters.get("sort") ?? ""} change={(value) => set("sort", value)}
          options={[["", t("sort.name")], [`-${tokens}`, t("kube.sort.tokens")], ["-gpus", t("kube.sort.gpus")]]} />
        <Count list={models} />
      </Toolbar>
      <ListTable list={models} label={t("kube.models")} columns={columns} id={({ model }) => model ?? ""}
        none={asked.q || asked.engine ? t("kube.none.filter") : t("kube.none.models")} />
      {servers.items.length > 0 && (
        <Panel title={t("kube.servers")}>
          <Servers list={servers} />
        </Panel>
      )}
    </>
  );
}

function Servers({ list }: { list: ReturnType<typeof useList<Server>> }) {
  const { t, f } = useApp();
  const columns: Column<Server>[] = [
    { name: t("alloc.pod"), cell: ({ namespace, pod }) => <PodLink namespace={namespace} pod={pod} /> },
    { name: t("kube.model"), cell: ({ served_model, model }) => served_model || model || unknown },
    { name: t("kube.tokens.rate"), number: true, cell: ({ values }) => rate_text(f, values[tokens]) },
    { name: t("kube.ttft"), number: true, cell: ({ values }) => seconds_text(f, values["time_to_first_token_p95_seconds"]) },
    { name: t("kube.running"), number: true, cell: ({ values }) => f.integer(values["requests_running"]) },
    { name: t("kube.waiting"), number: true, cell: ({ values }) => f.integer(values["requests_waiting"]) },
    { name: t("kube.kv"), number: true, cell: ({ values }) => ratio_text(f, values["kv_cache_usage_ratio"]) },
    {
      name: t("kube.gpus"),
      cell: ({ gpus }) =>
        gpus.length === 0
          ? unknown
          : gpus.map((id) => (
              <span key={id} class="listed">
                <ResourceLink resource={id} device={id.replace(/-MIG-.*$/, "")} />
              </span>
            )),
    },
    { name: t("field.node"), cell: ({ node }) => <NodeLink name={node} /> },
    { name: t("field.observed"), cell: ({ at }) => (at ? <span title={f.time(at)}>{f.ago(at, Date.now())}</span> : t("kube.never")) },
    { name: t("empty.target.error"), cell: ({ last_error }) => <span class="mono wrap">{last_error ?? ""}</span> },
  ];
  return <ListTable list={list} label={t("kube.servers")} columns={columns} id={({ namespace, pod }) => `${namespace}/${pod}`} none="" />;
}
