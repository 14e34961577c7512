// The behaviours every page has; each file finds its own elements by their data- attributes.
import "./themeswitch.js";
import "./menu.js";
import "./dismiss.js";
import "./dialog.js";
import "./once.js";
import "./ask.js";
import "./popup.js";
import "./copy.js";
import "./invalid.js";
import "./session.js";
import "./logout.js";
