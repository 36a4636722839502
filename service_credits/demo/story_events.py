"""The three kinds of events that the demo firm's story is told in."""


def buy(contact, pack, days, **more):
    return {
        "kind": "purchase",
        "contact": f"demo_contact_{contact}",
        "pack": pack,
        "days": days,
        **more,
    }


def gift(contact, credits, reason, days, **more):
    return {
        "kind": "gift",
        "contact": f"demo_contact_{contact}",
        "credits": credits,
        "reason": reason,
        "days": days,
        **more,
    }


def work(contact, type_code, subject, description, lines, days, state="done", **more):
    return {
        "kind": "work",
        "contact": f"demo_contact_{contact}",
        "type_code": type_code,
        "subject": subject,
        "description": f"<p>{description}</p>",
        "lines": lines,
        "days": days,
        "state": state,
        **more,
    }


DEVELOPER = {"user": "demo_user_developer"}
