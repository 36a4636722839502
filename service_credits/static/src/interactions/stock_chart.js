import { loadBundle } from "@web/core/assets";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Draws the client's stock of credits over time from the figures in `data-chart`. */
export class StockChart extends Interaction {
    static selector = ".o_sc_chart";

    async willStart() {
        await loadBundle("web.chartjs_lib");
    }

    start() {
        const chart = new Chart(this.el.querySelector("canvas"), this.getConfig());
        this.registerCleanup(() => chart.destroy());
    }

    /** @returns {Object} the configuration of Chart.js */
    getConfig() {
        const { points, labels, locale } = JSON.parse(this.el.dataset.chart);
        const color = (name, fallback) =>
            getComputedStyle(this.el).getPropertyValue(name).trim() || fallback;
        const primary = color("--primary", "#714b67");
        const warning = color("--warning", "#e99d00");
        const dataset = (field, label, lineColor, options = {}) => ({
            label,
            data: points.map((point) => ({ x: point.date, y: point[field] })),
            borderColor: lineColor,
            borderWidth: 2,
            backgroundColor: `${lineColor}22`,
            // A stock stays what it is until the next movement.
            stepped: true,
            pointRadius: 0,
            pointHoverRadius: 4,
            ...options,
        });
        const datasets = [
            dataset("available", labels.available, primary, { fill: "origin" }),
        ];
        if (points.some((point) => point.held)) {
            datasets.push(dataset("held", labels.held, warning, { borderDash: [6, 4] }));
        }
        return {
            type: "line",
            data: { datasets },
            options: {
                locale,
                responsive: true,
                maintainAspectRatio: false,
                animation: matchMedia("(prefers-reduced-motion: reduce)").matches
                    ? false
                    : undefined,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: {
                        type: "time",
                        adapters: { date: { locale } },
                        time: { minUnit: "day", tooltipFormat: "DD" },
                        grid: { display: false },
                        ticks: { maxRotation: 0, autoSkipPadding: 24 },
                    },
                    y: { beginAtZero: true, ticks: { precision: 0 } },
                },
                plugins: {
                    legend: {
                        display: datasets.length > 1,
                        align: "end",
                        labels: { boxWidth: 24, boxHeight: 2 },
                    },
                },
            },
        };
    }
}

registry.category("public.interactions").add("service_credits.stock_chart", StockChart);
