"""Hand-built resolved specs, for tests that want no parser between them and the generated code."""

from dataclasses import replace

from syncline.model.expressions import Apply, Constant, EntityField
from syncline.model.spec import (
    Arrow,
    CodecUse,
    ConnectorModel,
    DeleteRule,
    Entity,
    Equality,
    Field,
    Guard,
    Line,
    Map,
    MatchRule,
    NativeField,
    ResourceModel,
    Spec,
    Sync,
    System,
    Trigger,
    Truth,
    WriteRule,
)
from syncline.model.types import Type
from syncline.source import Source, Span
from syncline_runtime import declaration as runtime

SOURCE = Source("specs/crm_erp.sync", "\n" * 60)
TEXT = Type("text")


def at(line: int) -> Span:
    """A span on a line of the made-up source."""
    return Span(SOURCE, line - 1, line - 1)


def use(name: str, *arguments: str | int, gives: Type = TEXT, line: int = 1) -> CodecUse:
    """A codec of a pipeline."""
    return CodecUse(name=name, arguments=arguments, gives=gives, span=at(line))


def native(name: str, kind: str = "text", wire: str = "plain", **facts: object) -> NativeField:
    """A native field; `length` and the like may be part of `type`."""
    return NativeField(name=name, type=facts.pop("type", Type(kind)), span=at(1), wire=wire, **facts)  # type: ignore[arg-type]


def resource(name: str, *fields: NativeField) -> ResourceModel:
    """A resource with an identity `id`."""
    declared = {
        field.name: runtime.NativeField(name=field.name, kind=field.type.kind, path=field.path) for field in fields
    }
    listing = runtime.Listing(
        call=runtime.Call(verb="GET", target=runtime.Text(f"/{name}"), query={"fields": runtime.Slot("fields")}),
        items="items",
        paging=runtime.Paging(style="number", size=500),
    )
    return ResourceModel(
        name=name,
        fields={field.name: field for field in fields},
        declaration=runtime.Resource(name=name, identity="id", fields=declared, list=listing),
        span=at(1),
    )


def system(name: str, connector: str, *resources: ResourceModel) -> System:
    """A system over rest with a secret."""
    model = ConnectorModel(
        name=connector,
        settings={},
        resources={each.name: each for each in resources},
        declaration=runtime.Connector(name=connector, protocol="rest", base=runtime.Text("{url}/api")),
        span=at(1),
        spelling={},
        templates={},
    )
    settings: dict[str, runtime.SettingSource] = {
        "url": runtime.FromEnvironment(f"{name.upper()}_URL", secret=False),
        "token": runtime.FromEnvironment(f"{name.upper()}_TOKEN", secret=True),
        "api": runtime.Literally("2026-09"),
    }
    return System(name=name, connector=model, settings=settings, resources=model.resources, span=at(1))


STAGES = replace(
    use("table", gives=Type("enum", members=("lead", "qualified", "customer"), name="Lifecycle")),
    table=(("lead", ("lead", "subscriber")), ("qualified", ("salesqualifiedlead",)), ("customer", ("customer",))),
    declared_as="stages",
)
RANKS = replace(STAGES, table=(("lead", (0,)), ("qualified", (0,)), ("customer", (1,))), declared_as=None)


def crm_erp() -> Spec:
    """Two systems, one entity, two maps and a sync: most of the language that the spine executes."""
    lifecycle = Type("enum", members=("lead", "qualified", "customer"), name="Lifecycle")
    fields = {
        field.name: field
        for field in (
            Field(
                name="vat",
                type=Type("text", nullable=True, length=20, pattern="[A-Z0-9]{8,20}", name="Vat"),
                span=at(20),
            ),
            Field(name="domain", type=Type("text", nullable=True), span=at(21)),
            Field(name="name", type=Type("text", length=120), span=at(22)),
            Field(name="phone", type=Type("phone", nullable=True), span=at(23), pii=True),
            Field(name="lifecycle", type=lifecycle, span=at(24), default=Constant("lead", lifecycle, at(24))),
            Field(name="credit_limit", type=Type("money", nullable=True), span=at(25)),
            Field(name="address.street", type=Type("text", nullable=True, length=120), span=at(26)),
            Field(name="tags", type=Type("set", item=TEXT), span=at(27)),
            Field(name="since", type=Type("date", nullable=True), span=at(28)),
        )
    }
    company = Entity(
        name="Company",
        fields=fields,
        match=(
            MatchRule(fields=(fields["vat"],), ask=False, placeholders=(), span=at(29)),
            MatchRule(fields=(fields["domain"],), ask=False, placeholders=("example.*",), span=at(29)),
            MatchRule(fields=(fields["name"], fields["phone"]), ask=True, placeholders=(), span=at(29)),
        ),
        span=at(19),
        doc="A company that buys from us.",
    )
    companies = resource(
        "companies",
        native("id"),
        native("vat_number", type=Type("text", length=20)),
        native("domain", normalises=(use("trim"), use("lower"))),
        native("name", type=Type("text", length=200)),
        native("phone"),
        native("lifecyclestage"),
        native("credit_limit", "integer", "number"),
        native("tags", "set", "semicolon", type=Type("set", item=TEXT)),
        native("street", path=("address", "street"), null="blank"),
        native("short_name", type=Type("text", length=40)),
        native("since", "date", "iso"),
    )
    partners = resource(
        "res_partner",
        native("id", "integer", "number"),
        native("vat", type=Type("text", length=32), null="false"),
        native("name", type=Type("text", length=120)),
        native("phone", null="false"),
        native("credit_limit", "decimal", "number"),
        native("customer_rank", "integer", "number"),
        native("is_company", "boolean", "json"),
        native("street", null="false"),
    )
    crm, erp = system("crm", "hubspot", companies), system("erp", "odoo", partners)

    def line(field: str | None, arrow: str, *natives: NativeField, number: int, **more: object) -> Line:
        return Line(
            field=fields[field] if field else None,
            natives=natives,
            arrow=Arrow(arrow),
            span=at(number),
            native_span=at(number),
            **more,  # type: ignore[arg-type]
        )

    there, here = companies.fields, partners.fields
    short = Apply(
        "truncate",
        (EntityField("name", fields["name"].type, at(50)), Constant(40, Type("integer"), at(50))),
        TEXT,
        at(50),
    )
    maps = (
        Map(
            entity=company,
            system=crm,
            resource=companies,
            lines=(
                line(
                    "vat",
                    "<->",
                    there["vat_number"],
                    number=41,
                    pipeline=(use("strip", "-. "), use("upper")),
                    when=runtime.When.PRESENT,
                ),
                line("domain", "<->", there["domain"], number=42, pipeline=(use("lower"),)),
                line("name", "<->", there["name"], number=43, pipeline=(use("trim"),)),
                line("phone", "<->", there["phone"], number=44, pipeline=(use("e164", "MX", gives=Type("phone")),)),
                line("lifecycle", "<->", there["lifecyclestage"], number=45, pipeline=(STAGES,)),
                line(
                    "credit_limit",
                    "->",
                    there["credit_limit"],
                    number=46,
                    pipeline=(use("money", "MXN", "minor", gives=Type("money")),),
                ),
                line("tags", "<->", there["tags"], number=47),
                line("address.street", "<->", there["street"], number=48),
                line("since", "<->", there["since"], number=49),
                line(None, "->", there["short_name"], number=50, expression=short),
            ),
            span=at(40),
        ),
        Map(
            entity=company,
            system=erp,
            resource=partners,
            lines=(
                line("vat", "<->", here["vat"], number=53),
                line("name", "<->", here["name"], number=54),
                line("phone", "->", here["phone"], number=55),
                line(
                    "credit_limit",
                    "<-",
                    here["credit_limit"],
                    number=56,
                    pipeline=(use("money", "MXN", gives=Type("money")),),
                ),
                line("lifecycle", "->", here["customer_rank"], number=57, pipeline=(RANKS,)),
                line("address.street", "<->", here["street"], number=58),
            ),
            span=at(52),
            where=(Equality(native=here["is_company"], value=True, span=at(52)),),
        ),
    )
    customer = Apply(
        "=",
        (EntityField("lifecycle", lifecycle, at(32)), Constant("customer", lifecycle, at(32))),
        Type("boolean"),
        at(32),
    )
    sync = Sync(
        entity=company,
        systems=(crm, erp),
        maps=maps,
        span=at(31),
        truth=(
            Truth(rule="owned", fields=("vat",), systems=(erp,), span=at(34)),
            Truth(rule="newest", fields=("name",), systems=(crm,), span=at(35)),
        ),
        otherwise=Truth(rule="ask", fields=(), span=at(36)),
        creates=(
            WriteRule(system=erp, allowed=True, when=customer, span=at(32)),
            WriteRule(system=crm, allowed=False, span=at(33)),
        ),
        deletes=(
            DeleteRule(system=erp, policy=runtime.OnDelete.ARCHIVE, unless_edited=True, span=at(37)),
            DeleteRule(system=crm, policy=runtime.OnDelete.NEVER, unless_edited=False, span=at(37)),
        ),
        empty="propagates",
        guards=(Guard(operation="delete", count=10, percent=10.0, span=at(38)),),
        triggers=(Trigger(kind="every", seconds=300, span=at(39)),),
    )
    return Spec(
        name="crm_erp",
        version=1,
        file="specs/crm_erp.sync",
        sha256="0" * 64,
        systems={"crm": crm, "erp": erp},
        entities={"Company": company},
        maps=maps,
        syncs=(sync,),
        span=at(2),
        doc="Customers live in the CRM and are invoiced from the ERP.",
    )
