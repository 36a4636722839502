import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockMatchMedia } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    mountWebClient,
    onRpc,
    patchWithCleanup,
    preloadBundle,
} from "@web/../tests/web_test_helpers";

defineMailModels();
preloadBundle("web.chartjs_lib");

const action = (name, domain = []) => ({
    type: "ir.actions.act_window",
    name,
    res_model: "service.credit.report",
    views: [[false, "list"]],
    domain,
    context: {},
});

const tile = (key, label, value, more = {}) => ({
    key,
    label,
    value,
    detail: "",
    monetary: false,
    tone: "",
    action: action(label),
    ...more,
});

const figures = (more = {}) => ({
    period: "twelve_months",
    periods: [
        { key: "twelve_months", label: "Last 12 months" },
        { key: "year", label: "This year" },
    ],
    empty: false,
    may_sell: true,
    currency_id: 1,
    onboarding: false,
    sections: [
        {
            key: "stock",
            title: "Today",
            tiles: [
                tile("outstanding", "Credits outstanding", 1234, { detail: "1,200 paid" }),
                tile("value", "Value", 980, { monetary: true, action: false }),
            ],
        },
    ],
    charts: {
        months: {
            title: "Month by month",
            labels: ["Jan 26", "Feb 26"],
            action: action("Credits by month"),
            series: [
                {
                    key: "sold",
                    label: "Sold",
                    bars: [
                        { value: 0, domain: [["id", "=", 1]] },
                        { value: 40, domain: [["id", "=", 2]] },
                    ],
                },
            ],
        },
        types: {
            title: "Use by type",
            bars: [
                { label: "Report", value: 8, action: action("Report") },
                { label: "Training", value: 2, action: action("Training") },
            ],
        },
        ages: { title: "Age", bars: [] },
    },
    lists: { low: { count: 0, rows: [], action: action("Low") } },
    ...more,
});

/** Opens the dashboard over `data`; what it opens and asks for is left in the returned lists. */
async function open(data) {
    const opened = [];
    const asked = [];
    onRpc("service.credit.dashboard", "action_get_figures", ({ args }) => {
        asked.push(args[0]);
        return { ...data, period: args[0] };
    });
    await mountWebClient();
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "service_credits.dashboard",
        name: "Dashboard",
    });
    patchWithCleanup(getService("action"), {
        doAction(request) {
            opened.push(request);
        },
    });
    return { opened, asked };
}

test("figures are written and lead to their lists", async () => {
    const { opened } = await open(figures());
    expect(queryAllTexts(".o_sc_tile .o_sc_value")).toEqual(["1,234", "$ 980.00"]);
    expect("button[data-tile=outstanding]").toHaveAttribute(
        "aria-label",
        "Credits outstanding: 1,234 1,200 paid"
    );
    await contains("button[data-tile=outstanding]").click();
    expect(opened.map((request) => request.name)).toEqual(["Credits outstanding"]);
});

test("a figure whose list the user may not read is no button", async () => {
    await open(figures());
    expect("button[data-tile=value]").toHaveCount(0);
    expect("div[data-tile=value]").toHaveCount(1);
});

test("another period is asked of the server", async () => {
    const { asked } = await open(figures());
    expect("[data-period=twelve_months]").toHaveAttribute("aria-pressed", "true");
    await contains("[data-period=year]").click();
    expect(asked).toEqual(["twelve_months", "year"]);
    expect("[data-period=year]").toHaveAttribute("aria-pressed", "true");
    expect("[data-period=twelve_months]").toHaveAttribute("aria-pressed", "false");
});

test("the bars of the chart open their month", async () => {
    const { opened } = await open(figures());
    const chart = window.Chart.getChart(queryOne(".o_sc_months_chart canvas"));
    expect(chart.data.datasets.map((dataset) => dataset.data)).toEqual([[0, 40]]);
    chart.options.onClick({}, [{ datasetIndex: 0, index: 1 }]);
    chart.options.onClick({}, []);
    expect(opened.map((request) => request.domain)).toEqual([[["id", "=", 2]]]);
});

test("the chart is there as a table of buttons, too", async () => {
    const { opened } = await open(figures());
    queryOne(".o_sc_months_table").open = true;
    await animationFrame();
    expect(queryAllTexts(".o_sc_months_table tbody td")).toEqual(["0", "40"]);
    expect(".o_sc_months_table tbody button").toHaveCount(1);
    await contains(".o_sc_months_table tbody button").click();
    expect(opened[0].domain).toEqual([["id", "=", 2]]);
});

test("bars by type are as long as their share and open with the keyboard", async () => {
    const { opened } = await open(figures());
    const lengths = [...document.querySelectorAll(".o_sc_bar > span")];
    expect(lengths.map((bar) => bar.style.width)).toEqual(["100%", "25%"]);
    queryOne(".o_sc_bars button:contains(Training)").focus();
    await press("Enter");
    expect(opened.map((request) => request.name)).toEqual(["Training"]);
});

test("does not move for who asked for less motion", async () => {
    mockMatchMedia({ "prefers-reduced-motion": "reduce" });
    await open(figures());
    const chart = window.Chart.getChart(queryOne(".o_sc_months_chart canvas"));
    expect(chart.options.animation).toBe(false);
});

test("without credits the page says what to do next", async () => {
    onRpc("service.credit.dashboard", "action_sell_pack", () => action("Sell a Pack"));
    const { opened } = await open(figures({ empty: true }));
    expect(".o_sc_tile").toHaveCount(0);
    await contains(".o_sc_sell").click();
    expect(opened.map((request) => request.name)).toEqual(["Sell a Pack"]);
});

test("who may not sell is offered no sale", async () => {
    await open(figures({ empty: true, may_sell: false }));
    expect(".o_sc_empty").toHaveCount(1);
    expect(".o_sc_sell").toHaveCount(0);
});

test("first steps: the next one stands out, and they can be hidden", async () => {
    const step = (id, done) => ({
        id,
        title: `Step ${id}`,
        description: "",
        button: "Do it",
        done,
        done_text: "Done",
        method: `action_open_step_${id}`,
    });
    const data = figures({
        onboarding: { done: 1, completed: false, steps: [step(1, true), step(2, false), step(3, false)] },
    });
    const called = [];
    onRpc("onboarding.onboarding.step", "action_open_step_2", () => action("Step 2"));
    onRpc("service.credit.dashboard", "action_close_onboarding", () => {
        called.push("close");
        data.onboarding = false;
        return false;
    });
    const { opened } = await open(data);
    expect(queryAllTexts(".o_sc_steps button")).toEqual(["Done", "Do it", "Do it"]);
    expect(".o_sc_steps .btn-primary").toHaveCount(1);
    expect("[data-step=action_open_step_2] .btn-primary").toHaveCount(1);
    expect(".o_sc_first_steps .text-muted:first").toHaveText("1 of 3 done");
    await contains(".o_sc_steps .btn-primary").click();
    expect(opened.map((request) => request.name)).toEqual(["Step 2"]);
    await contains(".o_sc_close").click();
    expect(called).toEqual(["close"]);
    expect(".o_sc_first_steps").toHaveCount(0);
});
