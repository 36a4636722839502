import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { CreditChart, gridColor, textColor } from "../credit_chart/credit_chart";

/** The client's stock over time, on the form of their account. The ledger below says the same. */
export class AccountChart extends Component {
    static template = "service_credits.AccountChart";
    static components = { CreditChart };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.label = _t("Stock over time");
        this.state = useState({ config: null });
        onWillStart(() => this.load(this.props.record));
        onWillUpdateProps(({ record }) => this.load(record));
    }

    async load(record) {
        const points = record.resId
            ? await this.orm.call("service.credit.account", "action_get_stock_points", [
                  record.resId,
              ])
            : [];
        this.state.config = points.length ? this.getConfig(points) : null;
    }

    /** @returns {Object} the configuration of Chart.js */
    getConfig(points) {
        // A stock lasts until today, whenever it moved last.
        const today = luxon.DateTime.now().toISODate();
        const last = points.at(-1);
        const all = last.date < today ? [...points, { ...last, date: today }] : points;
        const dataset = (field, label, color, options) => ({
            label,
            data: all.map((point) => ({ x: point.date, y: point[field] })),
            borderColor: color,
            borderWidth: 2,
            stepped: true,
            pointRadius: 0,
            pointHoverRadius: 4,
            ...options,
        });
        const datasets = [
            dataset("available", _t("Available"), "#0f5c8c", {
                fill: "origin",
                backgroundColor: "#0f5c8c22",
            }),
        ];
        if (all.some((point) => point.held)) {
            datasets.push(dataset("held", _t("Reserved"), "#b45309", { borderDash: [6, 4] }));
        }
        const locale = user.lang || "en-US";
        return {
            type: "line",
            data: { datasets },
            options: {
                locale,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: {
                        type: "time",
                        adapters: { date: { locale } },
                        time: { minUnit: "day", tooltipFormat: "DD" },
                        grid: { display: false },
                        ticks: { color: textColor(), maxRotation: 0, autoSkipPadding: 24 },
                    },
                    y: {
                        beginAtZero: true,
                        grid: { color: gridColor() },
                        ticks: { color: textColor(), precision: 0 },
                    },
                },
                plugins: {
                    legend: {
                        display: datasets.length > 1,
                        align: "end",
                        labels: { color: textColor(), boxWidth: 24, boxHeight: 2 },
                    },
                },
            },
        };
    }
}

registry.category("view_widgets").add("service_credit_stock_chart", { component: AccountChart });
