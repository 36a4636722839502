import { Component } from "@odoo/owl";
import { formatInteger } from "@web/views/fields/formatters";
import { CreditChart, gridColor, textColor } from "../credit_chart/credit_chart";

// Told apart by who sees colours badly, too: dark, light and in between.
const COLORS = { sold: "#0f5c8c", free: "#8fc9e8", used: "#d97706" };

/** Sold, granted free and used, month by month; the same as a table of buttons. */
export class MonthsChart extends Component {
    static template = "service_credits.MonthsChart";
    static components = { CreditChart };
    static props = { chart: Object, open: Function };

    /** @returns {Object} the configuration of Chart.js */
    get config() {
        const { labels, series } = this.props.chart;
        return {
            type: "bar",
            data: {
                labels,
                datasets: series.map(({ key, label, bars }) => ({
                    label,
                    data: bars.map((bar) => bar.value),
                    backgroundColor: COLORS[key],
                    borderRadius: 3,
                    maxBarThickness: 18,
                })),
            },
            options: {
                onClick: (event, elements) => {
                    if (elements.length) {
                        const { datasetIndex, index } = elements[0];
                        this.openBar(series[datasetIndex].bars[index]);
                    }
                },
                onHover: (event, elements) => {
                    event.native.target.style.cursor = elements.length ? "pointer" : "";
                },
                scales: {
                    x: {
                        grid: { display: false },
                        ticks: { color: textColor(), maxRotation: 0, autoSkipPadding: 12 },
                    },
                    y: {
                        beginAtZero: true,
                        grid: { color: gridColor() },
                        ticks: { color: textColor(), precision: 0 },
                    },
                },
                plugins: {
                    legend: { align: "end", labels: { color: textColor(), boxWidth: 12 } },
                },
            },
        };
    }

    openBar(bar) {
        const { action } = this.props.chart;
        return this.props.open(action && { ...action, domain: bar.domain });
    }

    formatInteger(value) {
        return formatInteger(value);
    }
}
