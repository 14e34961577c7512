// What the screen has beside the answer form. Each part listens to the events the screen sends to the document:
// review:shown {item}, review:left {item}, review:saved {record, body}, review:empty, review:variants, review:reveal,
// review:differences.
import { Blur } from "./blur.js";
import { CheckIn } from "./checkin.js";
import { Differences } from "./differences.js";
import { Pause } from "./pause.js";
import { Statement } from "./statement.js";
import { Variants } from "./variants.js";
import { Warning } from "./warning.js";

const element = document.getElementById("review-data");
if (element) {
  const data = JSON.parse(element.textContent);
  const warning = new Warning({ data });
  new Blur({ data, warning });
  new Statement({ data });
  new CheckIn({ data, pause: new Pause() });
  new Differences();
  new Variants({ data });
}
