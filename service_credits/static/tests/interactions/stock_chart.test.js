import { describe, expect, test } from "@odoo/hoot";
import { queryOne } from "@odoo/hoot-dom";
import { mockMatchMedia } from "@odoo/hoot-mock";
import { setupInteractionWhiteList, startInteractions } from "@web/../tests/public/helpers";
import { preloadBundle } from "@web/../tests/web_test_helpers";

setupInteractionWhiteList("service_credits.stock_chart");
preloadBundle("web.chartjs_lib");

describe.current.tags("interaction_dev");

const bought = { date: "2026-01-05", available: 10, held: 0 };
const reserved = { date: "2026-02-03", available: 2, held: 8 };
const delivered = { date: "2026-03-01", available: 2, held: 0 };

function chartHtml(points, locale = "en-US") {
    const data = { points, locale, labels: { available: "Available", held: "Reserved" } };
    return `
        <div class="o_sc_chart" style="width: 400px; height: 200px"
             data-chart='${JSON.stringify(data)}'><canvas></canvas></div>`;
}

const getChart = () => window.Chart.getChart(queryOne(".o_sc_chart canvas"));

test("is not started on a page without chart", async () => {
    const { core } = await startInteractions("<div/>");
    expect(core.interactions).toHaveLength(0);
});

test("draws what is available and what is reserved", async () => {
    const { core } = await startInteractions(chartHtml([bought, reserved, delivered]));
    expect(core.interactions).toHaveLength(1);
    const { data, options } = getChart();
    expect(data.datasets.map((dataset) => dataset.label)).toEqual(["Available", "Reserved"]);
    expect(data.datasets[0].data).toEqual([
        { x: "2026-01-05", y: 10 },
        { x: "2026-02-03", y: 2 },
        { x: "2026-03-01", y: 2 },
    ]);
    expect(data.datasets[1].data.map((point) => point.y)).toEqual([0, 8, 0]);
    expect(options.plugins.legend.display).toBe(true);
});

test("a stock stays what it is until the next movement", async () => {
    await startInteractions(chartHtml([bought, delivered]));
    expect(getChart().data.datasets[0].stepped).toBe(true);
    expect(getChart().options.scales.y.beginAtZero).toBe(true);
});

test("nothing was ever reserved: one line and no legend", async () => {
    await startInteractions(chartHtml([bought, { ...delivered, available: 12 }]));
    expect(getChart().data.datasets).toHaveLength(1);
    expect(getChart().options.plugins.legend.display).toBe(false);
});

test("the dates are written in the reader's language", async () => {
    await startInteractions(chartHtml([bought, reserved], "fr-FR"));
    expect(getChart().options.locale).toBe("fr-FR");
    expect(getChart().options.scales.x.adapters.date.locale).toBe("fr-FR");
});

test("does not move for who asked for less motion", async () => {
    mockMatchMedia({ "prefers-reduced-motion": "reduce" });
    await startInteractions(chartHtml([bought, reserved]));
    expect(getChart().options.animation).toBe(false);
});

test("is destroyed with the page", async () => {
    const { core } = await startInteractions(chartHtml([bought, reserved]));
    expect(Boolean(getChart())).toBe(true);
    core.stopInteractions();
    expect(Boolean(getChart())).toBe(false);
});
