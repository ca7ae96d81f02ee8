// The first page: figures, filter, tiles; and what is said when there is nothing to show yet.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { navigate, useAddress, useApp, useNews } from "../app/context.tsx";
import { store, stored } from "../app/settings.ts";
import { Empty, Failed, Loading } from "../view/states.tsx";
import { type Filter, filter_from_query, filter_to_query, is_filtering, no_filter, select, type SortBy, sort_choices, sorted } from "./filter.ts";
import { type ColourBy, colour_choices } from "./fleet.ts";
import { type Size, size_choices } from "./layout.ts";
import { Legend } from "./Legend.tsx";
import { Summary } from "./Summary.tsx";
import { TileGrid } from "./TileGrid.tsx";

const one_of = <T extends string>(value: string | null, allowed: readonly T[], otherwise: T): T =>
  allowed.includes(value as T) ? (value as T) : otherwise;

export function FleetPage() {
  const { live, t, f } = useApp();
  const structure = useNews(["structure", "status"]);
  const { search } = useAddress();
  const query = useMemo(() => new URLSearchParams(search), [search]);
  const filter = useMemo(() => filter_from_query(search), [search]);
  const sort = one_of<SortBy>(query.get("sort"), sort_choices, "name");
  const colour = one_of<ColourBy>(query.get("colour"), colour_choices, "utilization");
  const kept = stored("size");
  const size = one_of<Size>(query.get("size") ?? kept, size_choices, "m");
  // Order and filter follow the structure, not each reading: tiles must not jump under the pointer.
  const allocations = useNews(filter.text || filter.use ? ["allocations"] : []);
  const shown = useMemo(() => sorted(select(live.fleet, filter), sort), [live, filter, sort, structure, allocations]);

  const go = (next: Partial<Filter>, more: { sort?: SortBy; colour?: ColourBy; size?: Size } = {}) => {
    if (more.size) store("size", more.size);
    navigate(`/${filter_to_query({ ...filter, ...next }, more.sort ?? sort, more.colour ?? colour, more.size ?? size)}`, true);
  };
  const models = useMemo(() => {
    const found = new Map<string, string>();
    for (const device of live.fleet.devices.values()) if (device.model) found.set(device.model, device.model_name ?? device.model);
    return [...found].sort((a, b) => a[1].localeCompare(b[1]));
  }, [live, structure]);

  const { phase } = live.load_state;
  if (phase === "failed" && live.fleet.devices.size === 0) return <Failed />;
  if (phase === "loading" && live.fleet.devices.size === 0) return <Loading />;
  if (live.fleet.devices.size === 0 && live.fleet.nodes.size === 0) return <Empty />;
  const filtering = is_filtering(filter);
  const gpus = shown.reduce((n, one) => n + one.gpus, 0);
  return (
    <div class="fleet">
      <Summary shown={shown} filtering={filtering} />
      <form class="toolbar" onSubmit={(event) => event.preventDefault()} role="search">
        <Search text={filter.text} change={(text) => go({ text })} />
        <Choice label={t("filter.model")} value={filter.model} change={(model) => go({ model })}
          options={[["", t("filter.model.any")], ...models]} />
        <Choice label={t("filter.state")} value={filter.state} change={(state) => go({ state: state as Filter["state"] })}
          options={[["", t("filter.state.any")], ...(["ACTIVE", "FAILED", "MAINTENANCE", "INACTIVE", "LOST", "STALE"] as const).map(
            (state): [string, string] => [state, t(`state.${state}`)])]} />
        <Choice label={t("filter.use")} value={filter.use} change={(use) => go({ use: use as Filter["use"] })}
          options={[["", t("filter.use.any")], ["free", t("filter.use.free")], ["held", t("filter.use.held")]]} />
        <Choice label={t("filter.mig")} value={filter.mig} change={(mig) => go({ mig: mig as Filter["mig"] })}
          options={[["", t("filter.mig.any")], ["on", t("filter.mig.on")], ["off", t("filter.mig.off")]]} />
        <Choice label={t("sort.label")} value={sort} change={(by) => go({}, { sort: by as SortBy })}
          options={sort_choices.map((by): [string, string] => [by, t(`sort.${by}`)])} />
        {filtering && (
          <button type="button" class="quiet" onClick={() => go(no_filter)}>
            {t("filter.clear")}
          </button>
        )}
        <span class="toolbar-count" aria-live="polite">{t("grid.count", { nodes: f.integer(shown.length), gpus: f.integer(gpus) })}</span>
        <Choice label={t("colour.label")} value={colour} change={(by) => go({}, { colour: by as ColourBy })}
          options={colour_choices.map((by): [string, string] => [by, t(`colour.${by}`)])} />
        <div class="segments" role="group" aria-label={t("size.label")}>
          {size_choices.map((choice) => (
            <button type="button" key={choice} aria-pressed={choice === size} aria-label={t(`size.${choice}`)} title={t(`size.${choice}`)}
              onClick={() => go({}, { size: choice })}>
              <span class={`size-icon size-icon-${choice}`} aria-hidden="true" />
            </button>
          ))}
        </div>
      </form>
      {shown.length === 0 ? (
        <p class="nothing">{t("grid.none")}</p>
      ) : (
        <TileGrid shown={shown} size={size} colour={colour} structure={structure} />
      )}
      <Legend colour={colour} />
    </div>
  );
}

function Search({ text, change }: { text: string; change(text: string): void }) {
  const { t } = useApp();
  const field = useRef<HTMLInputElement>(null);
  const [typed, set_typed] = useState(text);
  const timer = useRef(0);
  useEffect(() => set_typed(text), [text]);
  const enter = (value: string, at_once = false) => {
    set_typed(value);
    clearTimeout(timer.current);
    if (at_once) change(value);
    else timer.current = window.setTimeout(() => change(value), 120);
  };
  return (
    <label class="search">
      <span class="unseen">{t("filter.search")}</span>
      <input
        ref={field}
        type="search"
        data-search
        value={typed}
        placeholder={t("filter.search")}
        title={t("filter.search.hint")}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => enter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (typed) enter("", true);
            else field.current?.blur();
          }
          if (event.key === "Enter" || event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".grid")?.focus();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly [string, string][];
  change(value: string): void;
}

export function Choice({ label, value, options, change }: ChoiceProps) {
  return (
    <span class={`choice ${value !== options[0]?.[0] ? "set" : ""}`}>
      <select value={value} aria-label={label} title={label} onChange={(event) => change(event.currentTarget.value)}>
        {options.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
