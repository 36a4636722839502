import { cookie } from "@web/core/browser/cookie";
import { loadBundle } from "@web/core/assets";
import { getCustomColor } from "@web/core/colors/colors";
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

const colorScheme = () => cookie.get("color_scheme");
export const textColor = () => getCustomColor(colorScheme(), "#374151", "#e4e4e4");
export const gridColor = () => getCustomColor(colorScheme(), "#e5e7eb", "#3c3e4b");

/** A drawing by Chart.js. What it shows must stand on the page in words, too. */
export class CreditChart extends Component {
    static template = "service_credits.CreditChart";
    static props = { config: Object, label: String };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            (config) => {
                const chart = new Chart(this.canvas.el, this.complete(config));
                return () => chart.destroy();
            },
            () => [this.props.config]
        );
    }

    /** @returns {Object} `config` with what all our charts have in common */
    complete(config) {
        const { options = {}, ...rest } = config;
        return {
            ...rest,
            options: {
                responsive: true,
                maintainAspectRatio: false,
                color: textColor(),
                animation: matchMedia("(prefers-reduced-motion: reduce)").matches
                    ? false
                    : undefined,
                ...options,
            },
        };
    }
}
