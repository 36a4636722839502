import { registry } from "@web/core/registry";
import { addLine, click, deliver, open, see, send, write } from "./steps";

// A few words that each reader must find in their own language.
const WORDS = {
    en: {
        request: "Request",
        quotation: "Quotation",
        quoted: "Quoted",
        accept: "Accept for",
        accepted: "the quotation is accepted",
        done: "Done",
        missing: "credits are missing",
        order: "Accept and order the credits",
        refused: "The quotation is refused",
    },
    fr: {
        request: "Demande",
        quotation: "Devis",
        quoted: "Devis envoyé",
        accept: "Accepter pour",
        accepted: "le devis est accepté",
        done: "Terminée",
        missing: "crédits manquent",
        order: "Accepter et commander les crédits",
        refused: "Le devis est refusé",
    },
};

/** Files as a person chooses them; a script may not open the browser's own dialog. */
function chooseFiles(input, names) {
    const transfer = new DataTransfer();
    for (const name of names) {
        transfer.items.add(new File([`what is in ${name}`], name, { type: "text/plain" }));
    }
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

for (const [lang, words] of Object.entries(WORDS)) {
    const add = (name, url, steps) =>
        registry
            .category("web_tour.tours")
            .add(`service_credits_${name}_${lang}`, { url, steps });

    add("client_requests", "/my/interventions", () => [
        click("Nothing yet: the page says what to do", ".o_sc_empty a", true),
        click("Choose a type", ".o_sc_request label[for^=type_]:first"),
        write("Give a subject", "#subject", "Numbers of March"),
        write("Say what is needed", "#description", "By region and by month."),
        {
            content: "Add two files",
            trigger: "#files",
            run() {
                chooseFiles(this.anchor, ["regions.txt", "months.txt"]);
            },
        },
        click("Send the request", ".o_sc_request button[type=submit]", true),
        see("It is told", ".o_sc_message"),
        see("The request is there", "h1:contains('Numbers of March')"),
        see("Its first file", "a[href*='/file/']:contains('regions.txt')"),
        see("Its second file", "a[href*='/file/']:contains('months.txt')"),
        see("The state in their language", `.badge:contains('${words.request}')`),
        click("Back to the list", ".breadcrumb a[href='/my/interventions']", true),
        see("One is under way", ".o_sc_tabs a[href*='filterby=open'] .badge:contains('1')"),
    ]);

    add("staff_prices", "/odoo/interventions", () => [
        ...open("Numbers of March"),
        ...addLine(1, "Extraction", 6),
        ...addLine(2, "A chart", 2, { optional: true }),
        ...send(),
        see("In their language", `.o_arrow_button_current:contains('${words.quoted}')`),
    ]);

    // Starts from the link of the mail's Accept button, without a session.
    add("client_accepts", undefined, () => [
        see("In their language", `#quotation h2:contains('${words.quotation}')`),
        see("The price with the option", "#o_sc_accept .o_sc_total:contains('8')"),
        click("Leave the option out", ".o_sc_option"),
        see("The price without it", "#o_sc_accept .o_sc_total:contains('6')"),
        see("What is left after it", ".o_sc_after:contains('4')"),
        click("Accept", `#o_sc_accept button:contains('${words.accept}')`, true),
        see("It is accepted", `.o_sc_message:contains('${words.accepted}')`),
    ]);

    add("staff_delivers", "/odoo/interventions", () => [
        ...open("Numbers of March"),
        ...deliver(),
        see("In their language", `.o_arrow_button_current:contains('${words.done}')`),
    ]);

    add("client_refuses", "/my", () => [
        click(
            "A quotation is to decide",
            ".o_portal_my_home a[href='/my/interventions?filterby=decide']:visible",
            true
        ),
        click("Open it", "tr:contains('Second wish') a", true),
        write("Say why", "#o_sc_reason", "Too early"),
        click("Refuse", "#o_sc_refuse button[type=submit]", true),
        see("It is refused", `.o_sc_message:contains('${words.refused}')`),
    ]);

    add("client_accepts_and_orders", "/my/interventions?filterby=decide", () => [
        click("Open it", "tr:contains('Great wish') a", true),
        see("What is missing", `.o_sc_decide .alert:contains('11 ${words.missing}')`),
        click("Accept and order", `#o_sc_accept button:contains('${words.order}')`, true),
        see("The order is there", "#portal_sale_content"),
    ]);
}
