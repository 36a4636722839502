import { registry } from "@web/core/registry";
import { addLine, click, deliver, open, see, send } from "./steps";

/**
 * The whole way of one credit, as the client and as staff live it. Each tour is one sitting of
 * one person; `tests/test_tours.py` plays them in turn on the same data.
 */
const story = (name, url, steps) =>
    registry.category("web_tour.tours").add(`service_credits_${name}`, { url, steps });

/** The client asks for a report called `subject`. */
const askFor = (subject) => [
    click("Ask for an intervention", ".o_sc_actions a[href='/my/interventions/new']", true),
    click("It is about a report", ".o_sc_request label:contains('Report')"),
    { content: "Give a subject", trigger: "#subject", run: `edit ${subject}` },
    {
        content: "Say what is needed",
        trigger: "#description",
        run: "edit Sales by region and by month, as a spreadsheet.",
    },
    click("Send the request", ".o_sc_request button[type=submit]", true),
    see("The request is there", `h1:contains('${subject}')`),
];

/** Staff price the intervention called `subject` at `credits` and send it. */
const quote = (subject, credits) => [
    ...open(subject),
    ...addLine(1, "Report by region and month", credits),
    ...send(),
];

story("client_orders", "/my", () => [
    click("Open the credits", ".o_portal_docs a[href='/my/credits']", true),
    see("There are none yet", ".o_sc_available:contains('0')"),
    see("The page says what to do", ".o_sc_empty a[href='/my/credits/order']"),
    click("Order credits", ".o_sc_actions a[href='/my/credits/order']", true),
    click(
        "Choose the pack of 10",
        ".o_sc_pack:contains('Pack of 10 story credits') button[type=submit]",
        true
    ),
    see("The order is there", "#portal_sale_content:contains('Pack of 10 story credits')"),
]);

story("staff_invoices", "/odoo/orders", () => [
    click("Open the order", ".o_data_row:contains('Story Client') [name=partner_id]"),
    click("Invoice it", "button#create_invoice:visible"),
    click("The whole of it", ".modal button[name=create_invoices]"),
    click("Confirm the invoice", "button[name=action_post]:visible"),
    click("Register the payment", "button[name=action_register_payment]:visible"),
    click("Create the payment", ".modal button[name=action_create_payments]:visible"),
    see("It is paid", ".ribbon:contains('Paid'):visible, .ribbon:contains('In Payment'):visible"),
]);

story("client_asks", "/my/credits", () => [
    see("The credits arrived", ".o_sc_available:contains('10')"),
    see("The statement says how", ".o_sc_line:contains('Purchase of 10 credits')"),
    ...askFor("Monthly sales report"),
]);

story("staff_quotes", "/odoo/interventions", () => quote("Monthly sales report", 8));

// Starts from the link of the mail's Accept button, without a session.
story("client_accepts", undefined, () => [
    see("The detail", "#quotation:contains('Report by region and month')"),
    see("What is left after it", ".o_sc_after:contains('2')"),
    click("Accept", "#o_sc_accept button[type=submit]", true),
    see("It is accepted", ".o_sc_message"),
]);

story("staff_delivers", "/odoo/interventions", () => [
    ...open("Monthly sales report"),
    ...deliver(),
]);

story("client_reads_statement", "/my/credits", () => [
    see("Two are left", ".o_sc_available:contains('2')"),
    see("The purchase", ".o_sc_line[data-kind=grant]:contains('+10')"),
    see("The reservation", ".o_sc_line[data-kind=reserve]:contains('Monthly sales report')"),
    see("The delivery", ".o_sc_line[data-kind=consume]:contains('8 credits used')"),
    see("The balance", ".o_sc_closing:contains('2')"),
    click("Filter", "#portal_searchbar_filters"),
    click("Only the purchases", ".dropdown-item:contains('Purchases')", true),
    see("One line is left", ".o_sc_statement tbody:not(:has(.o_sc_line:eq(1))) .o_sc_line"),
    { content: "Search", trigger: ".o_portal_search_panel input[type=search]", run: "edit zzz" },
    click("Go", ".o_portal_search_panel button[type=submit]", true),
    click("Nothing is found", ".o_sc_empty a", true),
    ...askFor("Weekly stock report"),
]);

story("staff_quotes_again", "/odoo/interventions", () => quote("Weekly stock report", 2));

story("client_refuses", "/my/interventions", () => [
    click("Open the quotation", "tr:contains('Weekly stock report') a", true),
    { content: "Say why", trigger: "#o_sc_reason", run: "edit We found a simpler way" },
    click("Refuse", "#o_sc_refuse button[type=submit]", true),
    see("It is refused", ".o_sc_message"),
]);

story("staff_sees_the_refusal", "/odoo/interventions", () => [
    ...open("Weekly stock report"),
    see("It is refused, and why", ".alert:contains('We found a simpler way')"),
]);

// A client with a longer history, on a desktop and on a phone.
story("client_sees_history", "/my/credits", () => [
    see("The chart is drawn", ".o_sc_chart canvas[style*=width]"),
    see("The page is full", ".o_sc_line:eq(19)"),
    click("Next page", ".o_portal_pager .page-link:contains('2')", true),
    see("The oldest movement", ".o_sc_line:contains('Purchase of 60 credits')"),
    see("The opening balance", ".o_sc_opening:contains('0')"),
]);
