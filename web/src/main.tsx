import { render } from "preact";
import { App } from "./App.tsx";
import { LiveFleet } from "./app/live_fleet.ts";
import "./styles/base.css";
import "./styles/fleet.css";
import "./styles/pages.css";

const live = new LiveFleet();
live.start();
render(<App live={live} />, document.getElementById("app") as HTMLElement);
